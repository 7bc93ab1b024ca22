#include "proxy/loop/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

namespace weir {

// A write under way, in front of the bytes that it writes.
struct Stream::PendingWrite {
  uv_write_t request;
  std::size_t block_size;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

struct Stream::Connecting {
  uv_connect_t request;
};

namespace {

// send() and recv() are the shorter way through the kernel: write() and read() pass the file layer
// first. As plain system calls, since glibc makes both cancellation points, with two locked
// instructions each; the sanitizers have to see them.
ssize_t send_bytes(int fd, const char* bytes, std::size_t size) {
#ifdef WEIR_SANITIZED
  return ::send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
#else
  return ::syscall(SYS_sendto, fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0);
#endif
}

ssize_t receive_bytes(int fd, char* to, std::size_t size) {
#ifdef WEIR_SANITIZED
  return ::recv(fd, to, size, MSG_DONTWAIT);
#else
  return ::syscall(SYS_recvfrom, fd, to, size, MSG_DONTWAIT, nullptr, nullptr);
#endif
}

// Small pieces are copied together: one of them is sent sooner than several.
constexpr std::size_t kWorthGathering = 4096;

ssize_t send_gathered(int fd, std::span<const uv_buf_t> buffers, std::size_t total) {
  char all[kWorthGathering];
  char* to = all;
  for (const uv_buf_t& buffer : buffers) to = std::copy_n(buffer.base, buffer.len, to);
  return send_bytes(fd, all, total);
}

ssize_t send_pieces(int fd, std::span<uv_buf_t> buffers) {
  static_assert(sizeof(uv_buf_t) == sizeof(iovec) &&
                offsetof(uv_buf_t, base) == offsetof(iovec, iov_base) &&
                offsetof(uv_buf_t, len) == offsetof(iovec, iov_len));
  msghdr message{};
  message.msg_iov = reinterpret_cast<iovec*>(buffers.data());
  message.msg_iovlen = buffers.size();
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t send_now(int fd, std::span<uv_buf_t> buffers, std::size_t total) {
  ssize_t n = 0;
  do {
    n = buffers.size() == 1        ? send_bytes(fd, buffers[0].base, total)
        : total <= kWorthGathering ? send_gathered(fd, buffers, total)
                                   : send_pieces(fd, buffers);
  } while (n < 0 && errno == EINTR);
  return n;
}

ssize_t receive_now(int fd, char* to, std::size_t size) {
  ssize_t n = 0;
  do {
    n = receive_bytes(fd, to, size);
  } while (n < 0 && errno == EINTR);
  return n;
}

// Of one socket, before the others have their turn.
constexpr int kReadsAtOnce = 8;

Stream::Written failed(std::size_t* taken) {
  if (taken != nullptr) *taken = 0;
  return Stream::Written::failed;
}

}  // namespace

int Stream::open_tcp(int fd) {
  uv_tcp_init(loop(), &handle_.tcp);
  handle_.stream.data = this;
  opened_ = true;
  const int error = uv_tcp_open(&handle_.tcp, fd);
  if (error == 0) {
    descriptor_ = fd;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return error;
}

int Stream::open_pipe(int fd) {
  uv_pipe_init(loop(), &handle_.pipe, 0);
  handle_.stream.data = this;
  opened_ = true;
  const int error = uv_pipe_open(&handle_.pipe, fd);
  if (error == 0) descriptor_ = fd;
  return error;
}

int Stream::connect_tcp(const sockaddr* address) {
  uv_tcp_init(loop(), &handle_.tcp);
  handle_.stream.data = this;
  opened_ = true;
  auto* connecting = new Connecting;
  const int error =
      uv_tcp_connect(&connecting->request, &handle_.tcp, address, [](uv_connect_t* r, int status) {
        auto& self = *static_cast<Stream*>(r->handle->data);
        delete reinterpret_cast<Connecting*>(r);
        if (self.closing_) return;
        if (status == 0) uv_tcp_nodelay(&self.handle_.tcp, 1);
        self.on_connected(status);
      });
  if (error != 0) delete connecting;
  note_descriptor();
  return error;
}

void Stream::connect_pipe(const char* path) {
  uv_pipe_init(loop(), &handle_.pipe, 0);
  handle_.stream.data = this;
  opened_ = true;
  auto* connecting = new Connecting;
  uv_pipe_connect(&connecting->request, &handle_.pipe, path, [](uv_connect_t* r, int status) {
    auto& self = *static_cast<Stream*>(r->handle->data);
    delete reinterpret_cast<Connecting*>(r);
    if (!self.closing_) self.on_connected(status);
  });
  note_descriptor();
}

void Stream::note_descriptor() {
  uv_os_fd_t fd = -1;
  if (uv_fileno(reinterpret_cast<const uv_handle_t*>(stream()), &fd) == 0) descriptor_ = fd;
}

Stream::Written Stream::write(std::span<uv_buf_t> buffers, std::size_t* taken) {
  if (closing_ || broken_) return failed(taken);
  std::size_t total = 0;
  for (const uv_buf_t& buffer : buffers) total += buffer.len;
  std::size_t sent = 0;
  if (pending_writes_ == 0) {
    const ssize_t n = send_now(descriptor_, buffers, total);
    if (n < 0 && errno != EAGAIN) {
      broken_ = true;
      return failed(taken);
    }
    if (n > 0) sent = static_cast<std::size_t>(n);
  }
  if (taken != nullptr) *taken = sent;
  handed_ += static_cast<std::uint32_t>(total);
  if (sent == total) return Written::whole;
  if (!queue_rest(buffers, sent)) {
    broken_ = true;
    return Written::failed;
  }
  return Written::pending;
}

bool Stream::queue_rest(std::span<uv_buf_t> buffers, std::size_t taken) {
  std::size_t rest = 0;
  for (const uv_buf_t& buffer : buffers) rest += buffer.len;
  rest -= taken;
  std::size_t block_size = sizeof(PendingWrite) + rest;
  char* block = memory().buffers.take(block_size);
  auto* pending = new (block) PendingWrite;
  pending->block_size = block_size;
  char* to = pending->bytes();
  for (const uv_buf_t& buffer : buffers) {
    const std::size_t skip = std::min<std::size_t>(taken, buffer.len);
    taken -= skip;
    std::memcpy(to, buffer.base + skip, buffer.len - skip);
    to += buffer.len - skip;
  }
  const uv_buf_t whole = uv_buf_init(pending->bytes(), static_cast<unsigned>(rest));
  const int error = uv_write(&pending->request, stream(), &whole, 1, [](uv_write_t* r, int status) {
    static_cast<Stream*>(r->handle->data)->written(reinterpret_cast<PendingWrite*>(r), status);
  });
  if (error != 0) {
    memory().buffers.give(block, block_size);
    return false;
  }
  ++pending_writes_;
  return true;
}

void Stream::written(PendingWrite* write, int status) {
  memory().buffers.give(reinterpret_cast<char*>(write), write->block_size);
  --pending_writes_;
  if (closing_) return;
  if (status != 0) {
    if (broken_) return;
    broken_ = true;
    return on_write_failed(status);
  }
  if (pending_writes_ == 0) on_drained();
}

// libuv tells when there is something to read, by asking for room for it. It gets none, and says
// so: that is where the bytes are fetched.
void Stream::start_reading() {
  if (reading_ || closing_) return;
  reading_ = true;
  uv_read_start(
      stream(),
      [](uv_handle_t*, std::size_t, uv_buf_t* buffer) { *buffer = uv_buf_init(nullptr, 0); },
      [](uv_stream_t* stream, ssize_t, const uv_buf_t*) {
        static_cast<Stream*>(stream->data)->receive();
      });
}

void Stream::receive() {
  for (int turns = kReadsAtOnce; turns != 0 && reading_; --turns) {
    char* const to = memory().scratch.bytes.data();
    const std::size_t room = read_room();
    const ssize_t n = receive_now(descriptor_, to, room);
    if (n > 0) {
      on_read(to, static_cast<std::size_t>(n));
      if (static_cast<std::size_t>(n) < room) return;
    } else {
      if (n < 0 && errno == EAGAIN) return;
      const int error = n == 0 ? UV_EOF : -errno;
      stop_reading();
      return on_end(error);
    }
  }
}

void Stream::stop_reading() {
  if (!reading_) return;
  reading_ = false;
  uv_read_stop(stream());
}

void Stream::shut_down() {
  if (closing_ || broken_) return;
  auto* request = new uv_shutdown_t;
  const int error =
      uv_shutdown(request, stream(), [](uv_shutdown_t* r, int /*status*/) { delete r; });
  if (error != 0) delete request;
}

void Stream::begin_close() {
  closing_ = true;
  reading_ = false;
  descriptor_ = -1;
}

void Stream::close() {
  if (closing_) return;
  begin_close();
  if (!opened_) {
    delete this;
    return;
  }
  uv_close(reinterpret_cast<uv_handle_t*>(stream()),
           [](uv_handle_t* handle) { delete static_cast<Stream*>(handle->data); });
}

void Stream::close_reset() {
  if (closing_) return;
  if (opened_ && handle_.stream.type == UV_TCP) {
    // Like uv_tcp_close_reset, which refuses after a shutdown.
    const linger reset{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  close();
}

bool Stream::peer_left() const {
  // POLLRDHUP tells of a FIN even while bytes before it are unread, unlike a read or MSG_PEEK.
  pollfd asked{descriptor_, POLLRDHUP, 0};
  if (asked.fd < 0) return true;
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Stream::peer_reset() const {
  pollfd asked{descriptor_, 0, 0};
  if (asked.fd < 0) return true;
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & POLLERR) != 0;
}

}  // namespace weir
