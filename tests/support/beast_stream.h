// Lets Beast read from a Socket of ours, each operation bounded. Only for .cc files here.
#pragma once

#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include "tests/support/http_text.h"
#include "tests/support/socket.h"

namespace weir::testing {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

class BeastStream {
 public:
  BeastStream(Socket& socket, milliseconds bound) : socket_(socket), bound_(bound) {}

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, beast::error_code& ec) {
    for (auto i = asio::buffer_sequence_begin(buffers); i != asio::buffer_sequence_end(buffers);
         ++i) {
      asio::mutable_buffer buffer(*i);
      if (buffer.size() > 0) return read(static_cast<char*>(buffer.data()), buffer.size(), ec);
    }
    ec = {};
    return 0;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    beast::error_code ec;
    std::size_t n = read_some(buffers, ec);
    if (ec) throw beast::system_error(ec);
    return n;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, beast::error_code& ec) {
    std::size_t n = 0;
    for (auto i = asio::buffer_sequence_begin(buffers);
         i != asio::buffer_sequence_end(buffers) && !ec; ++i) {
      asio::const_buffer buffer(*i);
      n += write({static_cast<const char*>(buffer.data()), buffer.size()}, ec);
    }
    return n;
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    beast::error_code ec;
    std::size_t n = write_some(buffers, ec);
    if (ec) throw beast::system_error(ec);
    return n;
  }

 private:
  static beast::error_code code(Socket::Status status) {
    switch (status) {
      case Socket::Status::ok: return {};
      case Socket::Status::closed: return asio::error::eof;
      case Socket::Status::reset: return asio::error::connection_reset;
      case Socket::Status::timed_out: return beast::error::timeout;
    }
    return {};
  }
  std::size_t read(char* data, std::size_t size, beast::error_code& ec) {
    Socket::Got got = socket_.read_some(data, size, bound_);
    ec = code(got.status);
    return got.bytes;
  }
  std::size_t write(std::string_view data, beast::error_code& ec) {
    Socket::Got got = socket_.write_all(data, bound_);
    ec = code(got.status);
    return got.bytes;
  }
  Socket& socket_;
  milliseconds bound_;
};

template <bool isRequest>
Headers copy_headers(const http::header<isRequest>& head) {
  Headers headers;
  for (const auto& field : head) {
    headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  return headers;
}

}  // namespace weir::testing
