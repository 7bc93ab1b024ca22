// Stream sockets for tests: TCP on the loopback, or Unix. Blocking in manner, but every call is
// bounded, and another thread may stop() it.
//
// Errors are plain: a call says what it got, or that the peer closed, reset or let the bound pass.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/wait.h"

namespace weir::testing {

// Where to connect to, or where something listens.
struct Address {
  std::string host = "127.0.0.1";  // an IPv4 literal
  std::uint16_t port = 0;
  std::string path;          // a Unix socket, if not empty
  std::string text() const;  // as weir's config has it: 127.0.0.1:80 or unix:/…
};

class Socket {
 public:
  enum class Status { ok, closed, reset, timed_out };
  struct Got {
    std::size_t bytes = 0;
    Status status = Status::ok;
  };

  Socket() = default;
  explicit Socket(int descriptor) : fd_(descriptor) {}
  ~Socket() { close(); }
  Socket(Socket&& other) noexcept : fd_(other.fd_.exchange(-1)) {}
  Socket& operator=(Socket&& other) noexcept;

  // Throws std::runtime_error if nobody answers. `receive_buffer`: SO_RCVBUF, for slow readers.
  static Socket connect(const Address& address, int receive_buffer = 0);
  // From another of this machine's addresses, such as 127.0.0.2.
  static Socket connect_from(const std::string& source, const Address& address);
  // The same; an empty socket if nobody answers.
  static Socket try_connect(const Address& address, int receive_buffer = 0);

  bool open() const { return fd_ >= 0; }
  int descriptor() const { return fd_; }
  std::uint16_t local_port() const;

  // At least one byte, or why not.
  Got read_some(char* data, std::size_t size, milliseconds bound = kPatience);
  // All of it, or why not.
  Got write_all(std::string_view data, milliseconds bound = kPatience);
  // As much as goes without waiting.
  Got write_some(std::string_view data);

  // Appends to `text` until it contains `end`, the peer closes, or the bound is over.
  Status read_until(std::string& text, std::string_view end, milliseconds bound = kPatience);
  // Everything until the peer closes (ok), resets, or the bound is over.
  Status read_to_end(std::string& text, milliseconds bound = kPatience);
  // The peer has closed or reset its side within the bound; what comes before is thrown away.
  bool wait_for_close(milliseconds bound = kPatience);

  void half_close();  // FIN; reading goes on
  void reset();       // RST, by closing with SO_LINGER 0
  void stop();        // thread-safe: all that wait or will wait see the end
  void close();

 private:
  bool wait_for(short events, milliseconds bound) const;
  std::atomic<int> fd_ = -1;  // stop() may come from another thread
};

// A listening socket.
class Listener {
 public:
  // Port 0: any free one. Throws std::runtime_error.
  explicit Listener(const Address& address = {}, int backlog = 1024);
  ~Listener() { close(); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  const Address& address() const { return address_; }
  int descriptor() const { return fd_; }
  // The next connection; none if it was stopped or the bound is over.
  std::optional<Socket> accept(milliseconds bound = milliseconds(-1));
  void stop();   // thread-safe
  void close();  // the port is free again

 private:
  Address address_;
  int fd_ = -1;
  std::atomic<bool> stopped_ = false;
};

// A port that was free a moment ago, for programs that cannot choose one themselves.
std::uint16_t free_port();

}  // namespace weir::testing
