// A listener whose accept queue is full: further SYNs to it are dropped, and connecting to a Unix
// socket fails at once, until serve_one() or serve() takes what waits.
#pragma once

#include <string>
#include <vector>

#include "tests/support/socket.h"

namespace weir::testing {

class FullQueue {
 public:
  explicit FullQueue(const Address& address = {});

  const Address& address() const { return listener_.address(); }
  std::string text() const { return address().text(); }

  // Accepts until a connection brings a request, and answers that with 200 and `Connection: close`.
  // False: none did within the bound.
  bool serve_one();

 private:
  Listener listener_;
  std::vector<Socket> filling_;
};

}  // namespace weir::testing
