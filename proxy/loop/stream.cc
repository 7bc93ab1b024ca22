#include "proxy/loop/stream.h"

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <poll.h>
#include <sys/socket.h>
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

// As uv_try_write does it, which asks a few things first that Stream knows.
ssize_t write_now(int fd, std::span<uv_buf_t> buffers) {
  static_assert(sizeof(uv_buf_t) == sizeof(iovec) &&
                offsetof(uv_buf_t, base) == offsetof(iovec, iov_base) &&
                offsetof(uv_buf_t, len) == offsetof(iovec, iov_len));
  ssize_t n = 0;
  do {
    n = buffers.size() == 1 ? ::write(fd, buffers[0].base, buffers[0].len)
                            : ::writev(fd, reinterpret_cast<const iovec*>(buffers.data()),
                                       static_cast<int>(buffers.size()));
  } while (n < 0 && errno == EINTR);
  return n;
}

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
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  return error;
}

int Stream::open_pipe(int fd) {
  uv_pipe_init(loop(), &handle_.pipe, 0);
  handle_.stream.data = this;
  opened_ = true;
  return uv_pipe_open(&handle_.pipe, fd);
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
}

Stream::Written Stream::write(std::span<uv_buf_t> buffers, std::size_t* taken) {
  if (closing_ || broken_) return failed(taken);
  std::size_t total = 0;
  for (const uv_buf_t& buffer : buffers) total += buffer.len;
  std::size_t sent = 0;
  if (pending_writes_ == 0) {
    const ssize_t n = write_now(descriptor(), buffers);
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
  char* block = memory_.buffers.take(block_size);
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
    memory_.buffers.give(block, block_size);
    return false;
  }
  ++pending_writes_;
  return true;
}

void Stream::written(PendingWrite* write, int status) {
  memory_.buffers.give(reinterpret_cast<char*>(write), write->block_size);
  --pending_writes_;
  if (closing_) return;
  if (status != 0) {
    if (broken_) return;
    broken_ = true;
    return on_write_failed(status);
  }
  if (pending_writes_ == 0) on_drained();
}

void Stream::start_reading() {
  if (reading_ || closing_) return;
  reading_ = true;
  uv_read_start(
      stream(),
      [](uv_handle_t* handle, std::size_t, uv_buf_t* buffer) {
        auto& self = *static_cast<Stream*>(handle->data);
        *buffer =
            uv_buf_init(self.memory_.scratch.bytes.data(), static_cast<unsigned>(self.read_room()));
      },
      [](uv_stream_t* stream, ssize_t n, const uv_buf_t* buffer) {
        auto& self = *static_cast<Stream*>(stream->data);
        if (n > 0) return self.on_read(buffer->base, static_cast<std::size_t>(n));
        if (n == 0) return;
        self.stop_reading();
        self.on_end(static_cast<int>(n));
      });
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
    setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  }
  close();
}

int Stream::descriptor() const {
  uv_os_fd_t fd = -1;
  if (!opened_ || uv_fileno(reinterpret_cast<const uv_handle_t*>(stream()), &fd) != 0) return -1;
  return fd;
}

bool Stream::peer_left() const {
  // POLLRDHUP tells of a FIN even while bytes before it are unread, unlike a read or MSG_PEEK.
  pollfd asked{descriptor(), POLLRDHUP, 0};
  if (asked.fd < 0) return true;
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

bool Stream::peer_reset() const {
  pollfd asked{descriptor(), 0, 0};
  if (asked.fd < 0) return true;
  return ::poll(&asked, 1, 0) > 0 && (asked.revents & POLLERR) != 0;
}

}  // namespace weir
