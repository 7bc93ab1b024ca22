// One connection to the admin plane: reads a request, answers it, and again while it is kept alive.
//
// Threads: all on the admin plane's. It lives as long as an operation of its is under way.
#pragma once

#include <array>
#include <list>
#include <memory>
#include <optional>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/message_generator.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "proxy/admin/page.h"

namespace weir {

class Session;
// A client's address: of IPv6 the /64.
using SessionPeer = std::array<unsigned char, 8>;
// Those that are open; among those that wait for a request, or for the rest of one, the one that
// has waited for longest comes first.
using Sessions = std::list<Session*>;

class Session : public std::enable_shared_from_this<Session> {
 public:
  // `find` and `open` outlive it.
  Session(boost::asio::ip::tcp::socket socket, const PageFinder& find, Sessions& open);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void start() { await(); }
  // No whole request of it is being answered, so it may be closed for another connection.
  bool waits() const { return waits_; }
  bool closed() const { return closed_; }  // and gone once its last operation has been told so
  const SessionPeer& peer() const { return peer_; }
  void close();

 private:
  using Error = boost::beast::error_code;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  void await();  // the first byte of a request
  void read();   // the rest of its head
  void on_head(Error error);
  void read_body();
  void on_read(Error error);
  void refuse(unsigned status, std::string_view detail);
  void send(const AdminReply& reply);
  void write(boost::beast::http::message_generator&& message);
  bool from_loopback() const;
  void ask();

  boost::beast::tcp_stream stream_;
  const PageFinder& find_;
  Sessions& open_;
  Sessions::iterator place_;
  const SessionPeer peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;  // of the current request
  bool waits_ = true;
  bool closed_ = false;
};

}  // namespace weir
