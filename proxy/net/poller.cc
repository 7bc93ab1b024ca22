#include "proxy/net/poller.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/net/stream.h"
#include "proxy/net/system_calls.h"

namespace weir {

namespace {

constexpr std::size_t kCacheLine = 64;

std::int64_t milliseconds(Time at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace

Poller::Poller(BufferPool& buffers) : buffers_(buffers), room_(new Room) {}

Poller::~Poller() {
  if (epoll_ >= 0) ::close(epoll_);
}

bool Poller::open(uv_loop_t& loop, Host* host) {
  loop_ = &loop;
  host_ = host;
  now_ = read_clock();
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_ < 0) return false;
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // what has no stream is libuv's
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, uv_backend_fd(loop_), &event) == 0;
}

NetError Poller::watch(Stream& stream, int fd) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &stream;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0 ? NetError::none : net_error(errno);
}

// Until libuv's next timer is due, in milliseconds; -1: there is none. It counts from when its own
// loop last ran.
int Poller::patience() const {
  const int timeout = uv_backend_timeout(loop_);
  if (timeout <= 0) return timeout;
  const auto due = static_cast<std::int64_t>(uv_now(loop_)) + timeout;
  return static_cast<int>(std::max<std::int64_t>(due - milliseconds(now_), 0));
}

// Who is listed meanwhile has its turn in the next one.
[[gnu::always_inline]] inline void Poller::serve_ready() {
  Stream* next = std::exchange(ready_, nullptr);
  if (next == nullptr) return;
  next = serve_group(next);
  if (next != nullptr) serve_further_groups(next);
}

// Fetches events, waiting `timeout` milliseconds for them, and serves the sockets. True: libuv's
// loop has something to do.
[[gnu::always_inline]] inline bool Poller::serve_sockets(int timeout, int& count) {
  count = wait_for_events(epoll_, room_->events.data(), kEvents, timeout);
  now_ = read_clock();
  bool loop_is_due = false;
  const epoll_event* const events = room_->events.data();
  for (int i = 0; i < count; ++i) {
    if (events[i].data.ptr == nullptr) {
      loop_is_due = true;
    } else {
      static_cast<Stream*>(events[i].data.ptr)->on_events(events[i].events);
    }
  }
  serve_ready();
  return loop_is_due;
}

void Poller::turn(bool wait) {
  const int most = patience();
  const Time before = now_;
  int count = 0;
  const bool told = serve_sockets(wait && ready_ == nullptr ? most : 0, count);
  if (!told && (most < 0 || now_ - before < std::chrono::milliseconds(most))) return;
  serve_loop(count, most >= 0 && now_ - before >= std::chrono::milliseconds(most) + kStale);
}

// Timers, and what else is libuv's. Each socket has its turn first, once, however much it still
// has: a busy one holds up no timer and no newcomer. `count`: the events of the last look. Its wait
// was interrupted (by SIGCONT), or was `late`, if the process stood still, and it may be old
// itself: then its events are not all there are.
void Poller::serve_loop(int count, bool late) {
  bool again = late || count < 0;
  for (std::size_t left = streams_ / kEvents + kMoreLooks; left != 0; --left) {
    if (!again && count < kEvents && read_clock() - now_ < kStale) break;
    if (host_ != nullptr) host_->between_groups();
    serve_sockets(0, count);
    again = count < 0;
  }
  uv_run(loop_, UV_RUN_NOWAIT);
}

bool Poller::has_work() const {
  pollfd asked{epoll_, POLLIN, 0};
  return ready_ != nullptr || uv_backend_timeout(loop_) == 0 || ::poll(&asked, 1, 0) > 0;
}

void Poller::mark_readable(Stream& stream) {
  stream.listed_ = true;
  stream.next_ready_ = nullptr;
  (ready_ != nullptr ? last_ready_->next_ready_ : ready_) = &stream;
  last_ready_ = &stream;
}

void Poller::serve_further_groups(Stream* next) {
  while (next != nullptr) {
    if (host_ != nullptr) host_->between_groups();
    next = serve_group(next);
  }
}

Stream* Poller::serve_group(Stream* first) {
  Fetched* fetched = room_->group.data();
  Fetched* const end = fetched + kGroup;
  char* to = room_->slots.data();
  while (first != nullptr && fetched != end) {
    Stream& stream = *std::exchange(first, first->next_ready_);
    fetched->bytes = to;
    if (!stream.fetch(*fetched)) continue;
    if (fetched->size > 0) {
      to += (static_cast<std::size_t>(fetched->size) + kCacheLine - 1) & ~(kCacheLine - 1);
    }
    ++fetched;
  }
  for (const Fetched* each = room_->group.data(); each != fetched; ++each) {
    each->stream->deliver(*each);
  }
  flush();
  return first;
}

bool Poller::enqueue_write(Stream& stream, std::span<const iovec> buffers, std::size_t total) {
  if (total > kOutbox - outbox_used_) return false;
  Unsent* unsent = room_->unsent.data() + unsent_count_;
  if (stream.unsent_) {
    if ((--unsent)->stream != &stream) return false;
  } else {
    if (unsent_count_ == kMostUnsent) return false;
    *unsent = {&stream, outbox_used_, 0};
    ++unsent_count_;
    stream.unsent_ = true;
  }
  unsent->size += static_cast<std::uint32_t>(total);
  char* to = room_->outbox.data() + outbox_used_;
  for (const iovec& buffer : buffers) {
    std::memcpy(to, buffer.iov_base, buffer.iov_len);
    to += buffer.iov_len;
  }
  outbox_used_ += static_cast<std::uint32_t>(total);
  return true;
}

std::string_view Poller::cancel_write(const Stream& stream) {
  for (std::size_t i = unsent_count_; i-- != 0;) {
    Unsent& unsent = room_->unsent[i];
    if (unsent.stream != &stream) continue;
    unsent.stream = nullptr;
    return {room_->outbox.data() + unsent.begin, unsent.size};
  }
  return {};
}

// Who hears that it failed may write and close; what is put in meanwhile is sent in the same go.
void Poller::send_unsent() {
  for (std::uint32_t i = 0; i < unsent_count_; ++i) {
    Unsent& unsent = room_->unsent[i];
    Stream* const stream = std::exchange(unsent.stream, nullptr);
    if (stream == nullptr) continue;
    stream->send_unsent({room_->outbox.data() + unsent.begin, unsent.size});
  }
  unsent_count_ = outbox_used_ = 0;
}

// One that is still listed is passed over in the next turn first.
void Poller::delete_all_closed() {
  std::erase_if(closed_, [](Stream* stream) {
    if (stream->listed_) return false;
    delete stream;
    return true;
  });
}

}  // namespace weir
