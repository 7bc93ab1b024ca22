// The system calls of the hot path, as plain ones: glibc makes these functions cancellation points,
// with two locked instructions each. The sanitizers have to see them, so there they are glibc's.
// send() and recv() are the shorter way through the kernel: write() and read() pass the file layer
// first. All do not block, but wait_for_events(); none raises SIGPIPE; -1 is an error, in errno.
#pragma once

#include <cstddef>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace weir {

inline ssize_t send_bytes(int fd, const char* bytes, std::size_t size) {
#ifdef WEIR_SANITIZED
  return ::send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
  return ::syscall(SYS_sendto, fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
#endif
}

inline ssize_t receive_bytes(int fd, char* to, std::size_t size) {
#ifdef WEIR_SANITIZED
  return ::recv(fd, to, size, MSG_DONTWAIT);
#else
  return ::syscall(SYS_recvfrom, fd, to, size, MSG_DONTWAIT, nullptr, nullptr);
#endif
}

inline int wait_for_events(int epoll, epoll_event* events, int most, int milliseconds) {
#ifdef WEIR_SANITIZED
  return ::epoll_wait(epoll, events, most, milliseconds);
#else
  return static_cast<int>(
      ::syscall(SYS_epoll_pwait, epoll, events, most, milliseconds, nullptr, std::size_t{0}));
#endif
}

}  // namespace weir
