// A WebSocket library that is none of weir's: npm's `ws`, under Node.js, as processes. What they
// play stands in tests/e2e/websocket/peer.js.
//
// The library's version is pinned by the lock file there; npm fetches it into the build folder the
// first time it is wanted.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/socket.h"

namespace weir::testing {

// Throws std::runtime_error, saying what to install, where there is no Node.js, or with npm's words
// where it could not fetch the library.
std::unique_ptr<Process> start_websocket_peer(const std::vector<std::string>& arguments);

// A service that echoes.
class WebSocketService {
 public:
  WebSocketService();  // waits until it listens
  const Address& address() const { return address_; }
  Process& process() { return *process_; }

 private:
  std::unique_ptr<Process> process_;
  Address address_;
};

}  // namespace weir::testing
