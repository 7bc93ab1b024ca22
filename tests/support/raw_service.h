// A service that speaks bytes, not HTTP: it keeps what reached it byte for byte, and answers with
// whatever its script writes.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/socket.h"

namespace weir::testing {

class RawService {
 public:
  // A connection, as its script sees it. The connection closes when the script returns.
  class Connection {
   public:
    // Reads until what came since the last call contains `end`; returns it, without it if the peer
    // closed before.
    std::string read_until(std::string_view end = "\r\n\r\n");
    std::string read_exactly(std::size_t bytes);
    void write(std::string_view data) { socket_.write_all(data); }
    Socket& socket() { return socket_; }
    std::size_t index() const { return index_; }  // from 0

   private:
    friend class RawService;
    bool read_more();
    RawService* service_ = nullptr;
    std::size_t index_ = 0;
    Socket socket_;
    std::string unread_;
    std::thread thread_;
  };
  using Script = std::function<void(Connection&)>;  // on the connection's own thread

  explicit RawService(Script script, const Address& address = {});
  ~RawService();
  RawService(const RawService&) = delete;
  RawService& operator=(const RawService&) = delete;

  const Address& address() const { return listener_.address(); }
  std::string text() const { return address().text(); }
  // What reached each connection so far, by order of acceptance.
  std::vector<std::string> received() const;
  std::string all_received() const;

 private:
  void accept_all();
  Script script_;
  Listener listener_;
  mutable std::mutex mutex_;
  std::vector<std::string> received_;
  std::list<Connection> connections_;
  std::thread acceptor_;
};

}  // namespace weir::testing
