#include "proxy/net/stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <new>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "proxy/net/system_calls.h"

namespace weir {

// What the socket did not take, in front of the bytes.
struct Stream::PendingWrite {
  PendingWrite* next;
  std::size_t block_size;
  std::uint32_t begin, end;
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
};

namespace {

// Small pieces are copied together: one of them is sent sooner than several.
constexpr std::size_t kWorthGathering = 4096;

ssize_t send_gathered(int fd, std::span<const iovec> buffers, std::size_t total) {
  char all[kWorthGathering];
  char* to = all;
  for (const iovec& buffer : buffers)
    to = std::copy_n(static_cast<const char*>(buffer.iov_base), buffer.iov_len, to);
  return send_bytes(fd, all, total);
}

ssize_t send_pieces(int fd, std::span<iovec> buffers) {
  msghdr message{};
  message.msg_iov = buffers.data();
  message.msg_iovlen = buffers.size();
  return ::sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

ssize_t send_whole(int fd, const char* bytes, std::size_t size) {
  ssize_t n = 0;
  do {
    n = send_bytes(fd, bytes, size);
  } while (n < 0 && errno == EINTR);
  return n;
}

ssize_t send_now(int fd, std::span<iovec> buffers, std::size_t total) {
  if (buffers.size() == 1)
    return send_whole(fd, static_cast<const char*>(buffers[0].iov_base), total);
  ssize_t n = 0;
  do {
    n = total <= kWorthGathering ? send_gathered(fd, buffers, total) : send_pieces(fd, buffers);
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
constexpr int kReadsAtOnce = 2;

std::ptrdiff_t or_error(ssize_t n) { return n < 0 ? -errno : n; }

}  // namespace

// --- taking a socket into use

NetError Stream::open(int fd) {
  descriptor_ = fd;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // a Unix socket does not know it
  return poller_.watch(*this, fd);
}

NetError Stream::connect_tcp(const sockaddr* address) {
  return connect(address,
                 address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in));
}

NetError Stream::connect_pipe(const char* path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t size = std::strlen(path);
  if (size >= sizeof address.sun_path) return NetError::name_too_long;
  std::memcpy(address.sun_path, path, size);
  return connect(reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// Watched only then: a socket that is not connecting yet counts as hung up.
NetError Stream::connect(const sockaddr* address, socklen_t size) {
  const int fd = ::socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return net_error(errno);
  descriptor_ = fd;
  connecting_ = true;
  int result = 0;
  do {
    result = ::connect(fd, address, size);
  } while (result != 0 && errno == EINTR);
  if (result != 0 && errno != EINPROGRESS) return net_error(errno);
  return open(fd);
}

// True: it is connected, and has not been closed on hearing so.
bool Stream::finish_connecting(std::uint32_t events) {
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0) return false;
  connecting_ = false;
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  on_connected(net_error(error));
  return error == 0 && !closing_;
}

bool Stream::finish_connecting_now() {
  pollfd asked{descriptor_, POLLOUT, 0};
  if (!connecting_ || asked.fd < 0 || ::poll(&asked, 1, 0) <= 0) return false;
  on_events(EPOLLOUT);
  return true;
}

void Stream::on_events(std::uint32_t events) {
  if (closing_ || (connecting_ && !finish_connecting(events))) return;
  constexpr std::uint32_t kGone = EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((events & kGone) != 0) peer_closed_ = true;
  if ((events & EPOLLERR) != 0) failed_ = true;
  if ((events & (EPOLLIN | kGone)) != 0) {
    readable_ = true;
    want_turn();
  }
  if ((events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0 && has_pending()) send_pending();
}

// --- reading

void Stream::want_turn() {
  if (readable_ && reading_ && !listed_) poller_.mark_readable(*this);
}

void Stream::ask_for_turn() {
  if (closing_) return;
  wants_turn_ = true;
  if (!listed_) poller_.mark_readable(*this);
}

void Stream::start_reading() {
  reading_ = !closing_;
  want_turn();
}

void Stream::stop_reading() { reading_ = false; }

bool Stream::fetch(Poller::Fetched& fetched) {
  listed_ = false;
  if (closing_ || !(reading_ || wants_turn_)) return false;
  fetched.stream = this;
  fetched_ = true;
  fetched.size = wants_turn_ ? Poller::kTurn : Poller::kLater;
  if (large_reads_ || wants_turn_) return true;
  fetched.room = std::min(read_room(), Poller::kSlot);
  fetched.size = or_error(receive_now(descriptor_, fetched.bytes, fetched.room));
  return true;
}

// The next event tells of what comes behind a read that was not filled, but for an end that has
// been told of already.
void Stream::deliver(const Poller::Fetched& fetched) {
  fetched_ = false;
  if (closing_) return;
  if (fetched.size == Poller::kTurn) {
    wants_turn_ = false;
    on_turn();
    return want_turn();
  }
  if (fetched.size == Poller::kLater) return receive();
  if (fetched.size <= 0) return end_reading(fetched.size);
  const auto size = static_cast<std::size_t>(fetched.size);
  const bool full = size == fetched.room;
  readable_ = full || peer_closed_;
  large_reads_ = size == Poller::kSlot && may_read_large();
  on_read(fetched.bytes, size);
  if (large_reads_ && reading_) return receive();
  want_turn();
}

bool Stream::may_read_large() {
  if (small_reads_ == 0) return true;
  --small_reads_;
  return false;
}

void Stream::read_less() {
  small_reads_ = kSmallReads;
  large_reads_ = false;
}

void Stream::receive() {
  for (int turns = kReadsAtOnce; turns != 0 && reading_; --turns) {
    char* const to = poller_.large_buffer();
    const std::size_t room = read_room();
    const ssize_t n = receive_now(descriptor_, to, room);
    if (n <= 0) return end_reading(or_error(n));
    const auto size = static_cast<std::size_t>(n);
    readable_ = size == room || peer_closed_;
    large_reads_ = size > Poller::kSlot;
    on_read(to, size);
    if (size < room || !large_reads_) break;
  }
  want_turn();
}

// What a read that brought nothing came to: 0 or a negative errno.
void Stream::end_reading(std::ptrdiff_t result) {
  if (result == -EAGAIN) {
    readable_ = false;
    return;
  }
  stop_reading();
  // A write that failed has taken the socket's error with it: the end that is read then is none.
  if (result == 0 && (broken_ || failed_)) result = -ECONNRESET;
  on_end(result == 0 ? NetError::end_of_stream : net_error(static_cast<int>(-result)));
}

// --- writing

Stream::Written Stream::write(std::span<iovec> buffers, std::size_t* taken, When when) {
  std::size_t total = 0;
  for (const iovec& buffer : buffers) total += buffer.iov_len;
  const bool waits = total <= kWorthGathering && when == When::with_others && !has_pending() &&
                     !broken_ && !closing_ && poller_.enqueue_write(*this, buffers, total);
  if (!waits) {
    flush();
    return send(buffers, total, taken);
  }
  handed_ += static_cast<std::uint32_t>(total);
  if (taken != nullptr) *taken = total;
  return Written::whole;
}

Stream::Written Stream::send(std::span<iovec> buffers, std::size_t total, std::size_t* taken) {
  std::size_t sent = 0;
  Written result = Written::failed;
  if (!broken_ && !closing_) {
    const ssize_t n = has_pending() ? 0 : send_now(descriptor_, buffers, total);
    if (n < 0 && errno != EAGAIN) {
      broken_ = true;
    } else {
      sent = static_cast<std::size_t>(std::max<ssize_t>(n, 0));
      handed_ += static_cast<std::uint32_t>(total);
      result = sent == total ? Written::whole : Written::pending;
    }
  }
  if (result == Written::pending) queue_rest(buffers, total, sent);
  if (taken != nullptr) *taken = sent;
  return result;
}

void Stream::flush() {
  if (!unsent_) return;
  unsent_ = false;
  const std::string_view bytes = poller_.cancel_write(*this);
  handed_ -= static_cast<std::uint32_t>(bytes.size());
  std::array<iovec, 1> buffers = {buffer_of(bytes)};
  send(buffers, bytes.size(), nullptr);
}

void Stream::send_unsent(std::string_view bytes) {
  unsent_ = false;
  const ssize_t n = send_whole(descriptor_, bytes.data(), bytes.size());
  if (n != static_cast<ssize_t>(bytes.size())) continue_later(bytes, n);
}

void Stream::continue_later(std::string_view bytes, ssize_t sent) {
  if (sent < 0 && errno != EAGAIN) {
    broken_ = true;
    handed_ -= static_cast<std::uint32_t>(bytes.size());
    return on_write_failed();
  }
  std::array<iovec, 1> buffers = {buffer_of(bytes)};
  queue_rest(buffers, bytes.size(), static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
  on_backlog();
}

void Stream::queue_rest(std::span<iovec> buffers, std::size_t total, std::size_t taken) {
  const std::size_t rest = total - taken;
  std::size_t block_size = sizeof(PendingWrite) + rest;
  char* block = poller_.buffers_.take(block_size);
  auto* write = new (block) PendingWrite{nullptr, block_size, 0, static_cast<std::uint32_t>(rest)};
  char* to = write->bytes();
  for (const iovec& buffer : buffers) {
    const std::size_t skip = std::min<std::size_t>(taken, buffer.iov_len);
    taken -= skip;
    to = std::copy_n(static_cast<const char*>(buffer.iov_base) + skip, buffer.iov_len - skip, to);
  }
  (has_pending() ? newest_->next : pending_) = write;
  newest_ = write;
  pending_bytes_ += static_cast<std::uint32_t>(rest);
}

void Stream::send_pending() {
  while (has_pending()) {
    PendingWrite& write = *pending_;
    const std::size_t size = write.end - write.begin;
    std::array<iovec, 1> buffers = {buffer_of({write.bytes() + write.begin, size})};
    const ssize_t n = send_now(descriptor_, buffers, size);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {
      broken_ = true;
      drop_pending();
      return on_write_failed();
    }
    write.begin += static_cast<std::uint32_t>(n);
    pending_bytes_ -= static_cast<std::uint32_t>(n);
    if (write.begin != write.end) continue;  // until the socket says that it is full
    pending_ = write.next;
    poller_.buffers_.give(reinterpret_cast<char*>(&write), write.block_size);
  }
  if (shut_) ::shutdown(descriptor_, SHUT_WR);
  on_drained();
}

void Stream::drop_pending() {
  while (has_pending()) {
    PendingWrite* const write = std::exchange(pending_, pending_->next);
    poller_.buffers_.give(reinterpret_cast<char*>(write), write->block_size);
  }
  pending_bytes_ = 0;
}

// --- ending

void Stream::shut_down() {
  if (closing_ || broken_ || shut_) return;
  flush();
  shut_ = true;
  if (!has_pending()) ::shutdown(descriptor_, SHUT_WR);
}

// Whoever has called may still be at work with it: the poller deletes it later.
void Stream::close() {
  if (closing_) return;
  flush();
  closing_ = true;
  reading_ = false;
  drop_pending();
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  poller_.defer_delete(*this);
}

void Stream::close_reset() {
  if (closing_) return;
  const linger reset{1, 0};
  if (descriptor_ >= 0) setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close();
}

// Of a Unix socket, the memory of what the peer has not read: it moves all the same.
std::uint32_t Stream::unacknowledged() const {
  int in_kernel = 0;
  if (ioctl(descriptor_, SIOCOUTQ, &in_kernel) != 0) return 0;
  return static_cast<std::uint32_t>(in_kernel);
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
