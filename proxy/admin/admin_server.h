// The admin plane: a small HTTP/1.1 server on a thread of its own, so that a slow scrape never
// stalls traffic.
//
// Owner: the command that runs weir; made and destroyed on its thread. Pages are asked on the
// server's thread, one at a time. Bounds: 64 connections (one more closes one of the busiest
// address, the one that has been without a whole request for longest), 8 KiB of head, 4 KiB of
// body, 10 s for a request and for an answer, 60 s idle.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/admin/page.h"

namespace weir {

class AdminServer {
 public:
  static constexpr std::size_t kMaxConnections = 64;

  struct StartResult {
    std::unique_ptr<AdminServer> server;  // null on error
    std::string error;                    // one line: what, where, by which setting
  };
  // `setting`: what names the address in the config, for the error.
  static StartResult start(const Endpoint& listen, std::vector<Page> pages,
                           const std::string& setting = "admin.listen");
  static StartResult start(const Endpoint& listen, PageFinder find, const std::string& setting);
  ~AdminServer();  // closes all connections

  std::uint16_t port() const;
  std::string address() const;  // http://127.0.0.1:9901

 private:
  class State;
  explicit AdminServer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace weir
