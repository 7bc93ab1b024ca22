#include "tests/support/socket.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace weir::testing {
namespace {

struct Name {
  sockaddr_storage storage{};
  socklen_t size = 0;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

Name make_name(const Address& address) {
  Name name;
  if (!address.path.empty()) {
    auto* un = reinterpret_cast<sockaddr_un*>(&name.storage);
    un->sun_family = AF_UNIX;
    if (address.path.size() >= sizeof(un->sun_path)) {
      throw std::runtime_error("too long for a Unix socket: " + address.path);
    }
    std::memcpy(un->sun_path, address.path.data(), address.path.size());
    name.size = sizeof(sockaddr_un);
    return name;
  }
  auto* in = reinterpret_cast<sockaddr_in*>(&name.storage);
  in->sin_family = AF_INET;
  in->sin_port = htons(address.port);
  if (inet_pton(AF_INET, address.host.c_str(), &in->sin_addr) != 1) {
    throw std::runtime_error("not an IPv4 address: " + address.host);
  }
  name.size = sizeof(sockaddr_in);
  return name;
}

int make_socket(const Address& address) {
  int fd = ::socket(address.path.empty() ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
  return fd;
}

void prepare(int fd) {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // fails on Unix sockets, rightly
}

std::uint16_t port_of(int fd) {
  Name name;
  name.size = sizeof name.storage;
  if (getsockname(fd, name.get(), &name.size) != 0 || name.storage.ss_family != AF_INET) return 0;
  return ntohs(reinterpret_cast<sockaddr_in*>(&name.storage)->sin_port);
}

bool poll_one(int fd, short events, milliseconds bound) {
  pollfd p{fd, events, 0};
  int n;
  do {
    n = ::poll(&p, 1, static_cast<int>(bound.count()));
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

}  // namespace

std::string Address::text() const {
  return path.empty() ? host + ":" + std::to_string(port) : "unix:" + path;
}

Socket& Socket::operator=(Socket&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = other.fd_.exchange(-1);
  return *this;
}

Socket Socket::try_connect(const Address& address, int receive_buffer) {
  Name name = make_name(address);
  Socket s(make_socket(address));
  if (receive_buffer > 0) {
    setsockopt(s.fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  }
  if (::connect(s.fd_, name.get(), name.size) != 0) return {};
  prepare(s.fd_);
  return s;
}

Socket Socket::connect(const Address& address, int receive_buffer) {
  Socket s = try_connect(address, receive_buffer);
  if (!s.open()) throw std::runtime_error("nobody listens on " + address.text());
  return s;
}

Socket Socket::connect_from(const std::string& source, const Address& address) {
  Name from = make_name(Address{source, 0, {}});
  Name name = make_name(address);
  Socket s(make_socket(address));
  const int on = 1;
  setsockopt(s.fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (::bind(s.fd_, from.get(), from.size) != 0 || ::connect(s.fd_, name.get(), name.size) != 0) {
    throw std::runtime_error("cannot connect from " + source + ": " + std::strerror(errno));
  }
  prepare(s.fd_);
  return s;
}

std::uint16_t Socket::local_port() const { return port_of(fd_); }

bool Socket::wait_for(short events, milliseconds bound) const {
  return poll_one(fd_, events, bound);
}

Socket::Got Socket::read_some(char* data, std::size_t size, milliseconds bound) {
  if (fd_ < 0) return {0, Status::closed};
  for (;;) {
    ssize_t n = ::recv(fd_, data, size, 0);
    if (n > 0) return {static_cast<std::size_t>(n), Status::ok};
    if (n == 0) return {0, Status::closed};
    if (errno == EINTR) continue;
    if (errno != EAGAIN) return {0, Status::reset};
    if (!wait_for(POLLIN, bound)) return {0, Status::timed_out};
  }
}

Socket::Got Socket::write_some(std::string_view data) {
  ssize_t n = fd_ < 0 ? -1 : ::send(fd_, data.data(), data.size(), MSG_NOSIGNAL);
  if (n >= 0) return {static_cast<std::size_t>(n), Status::ok};
  bool later = fd_ >= 0 && (errno == EAGAIN || errno == EINTR);
  return {0, later ? Status::timed_out : Status::reset};
}

Socket::Got Socket::write_all(std::string_view data, milliseconds bound) {
  Got all;
  while (all.bytes < data.size()) {
    Got got = write_some(data.substr(all.bytes));
    all.bytes += got.bytes;
    if (got.status == Status::reset) return {all.bytes, Status::reset};
    if (got.status == Status::timed_out && !wait_for(POLLOUT, bound)) {
      return {all.bytes, Status::timed_out};
    }
  }
  return all;
}

Socket::Status Socket::read_until(std::string& text, std::string_view end, milliseconds bound) {
  Deadline deadline(bound);
  std::array<char, 16384> block;
  std::size_t from = 0;
  while (text.find(end, from) == std::string::npos) {
    from = text.size() - std::min(text.size(), end.size());
    Got got = read_some(block.data(), block.size(), deadline.left());
    if (got.status != Status::ok) return got.status;
    text.append(block.data(), got.bytes);
  }
  return Status::ok;
}

Socket::Status Socket::read_to_end(std::string& text, milliseconds bound) {
  Deadline deadline(bound);
  std::array<char, 65536> block;
  for (;;) {
    Got got = read_some(block.data(), block.size(), deadline.left());
    if (got.status == Status::closed) return Status::ok;
    if (got.status != Status::ok) return got.status;
    text.append(block.data(), got.bytes);
  }
}

bool Socket::wait_for_close(milliseconds bound) {
  std::string dropped;
  Status status = read_to_end(dropped, bound);
  return status == Status::ok || status == Status::reset;
}

void Socket::half_close() { ::shutdown(fd_, SHUT_WR); }

void Socket::stop() {
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void Socket::reset() {
  linger hard{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close();
}

void Socket::close() {
  int fd = fd_.exchange(-1);
  if (fd >= 0) ::close(fd);
}

Listener::Listener(const Address& address, int backlog) : address_(address) {
  Name name = make_name(address);
  if (!address.path.empty()) ::unlink(address.path.c_str());
  fd_ = make_socket(address);
  int on = 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd_, name.get(), name.size) != 0 || ::listen(fd_, backlog) != 0) {
    std::string why = std::strerror(errno);
    close();
    throw std::runtime_error("cannot listen on " + address.text() + ": " + why);
  }
  fcntl(fd_, F_SETFL, O_NONBLOCK);
  if (address_.path.empty()) address_.port = port_of(fd_);
}

std::optional<Socket> Listener::accept(milliseconds bound) {
  for (;;) {
    int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd >= 0) {
      prepare(fd);
      return Socket(fd);
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno != EAGAIN || stopped_ || !poll_one(fd_, POLLIN, bound)) return std::nullopt;
  }
}

// Wakes accept(): a listening socket that was shut down is readable. A TCP one then refuses to
// accept, a Unix one says EAGAIN for ever; hence the flag.
void Listener::stop() {
  stopped_ = true;
  if (fd_ >= 0) ::shutdown(fd_, SHUT_RDWR);
}

void Listener::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::uint16_t free_port() { return Listener().address().port; }

}  // namespace weir::testing
