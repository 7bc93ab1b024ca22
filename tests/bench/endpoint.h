// Loopback sockets for the bench's own programs: single-threaded, non-blocking, no library.
// Whatever cannot be done ends the program with a word about it.
#pragma once

#include <arpa/inet.h>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {

[[noreturn]] inline void give_up(const char* what) {
  std::perror(what);
  std::exit(1);
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Port 0: any free one. `shared`: several processes take connections of the port in turn.
inline int listen_on(std::uint16_t port, bool shared) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("socket");
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (shared) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  const sockaddr_in address = loopback(port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address)) give_up("bind");
  if (listen(fd, 16'384)) give_up("listen");
  return fd;
}

// What the one that started this program reads to know that it is ready, and where.
inline void tell_port(int listener) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size)) give_up("getsockname");
  std::printf("port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
}

// -1: nobody waits, or the client has gone again.
inline int accept_from(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) no_delay(fd);
  if (fd < 0 && (errno == EMFILE || errno == ENFILE)) give_up("accept");
  return fd;
}

// Connected on return, since on loopback that takes no time.
inline int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("socket");
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address)) give_up("connect");
  no_delay(fd);
  if (fcntl(fd, F_SETFL, O_NONBLOCK)) give_up("fcntl");
  return fd;
}

}  // namespace weir::bench
