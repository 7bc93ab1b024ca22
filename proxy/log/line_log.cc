#include "proxy/log/line_log.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "proxy/clock/clock.h"
#include "proxy/log/line_sink.h"
#include "proxy/log/log.h"

namespace weir {

namespace {

constexpr std::size_t kBatch = 64 << 10;

std::uint64_t lines_in(std::string_view bytes) {
  return static_cast<std::uint64_t>(std::ranges::count(bytes, '\n'));
}

}  // namespace

class LineLog::Writer {
 public:
  Writer(std::string to, std::size_t rings) : to_(std::move(to)) {
    for (std::size_t i = 0; i < rings; ++i) rings_.push_back(std::make_unique<Ring>(*this));
  }
  ~Writer() {
    if (event_ >= 0) ::close(event_);
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  std::string open();
  static void start(const std::shared_ptr<Writer>& self);
  void stop();
  void reopen() {
    reopen_ = true;
    signal();
  }
  // By a ring's writer, after it has put something in.
  void wake() noexcept {
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false)) signal();
  }
  Ring& ring(std::size_t index) { return *rings_[index]; }
  std::uint64_t written() const { return written_; }
  std::uint64_t lost() const {
    std::uint64_t sum = lost_;
    for (const auto& ring : rings_) sum += ring->lost_.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  void signal() noexcept {
    const std::uint64_t one = 1;
    if (::write(event_, &one, sizeof one) < 0) return;  // full: it is awake already
  }
  void run();
  bool idle() const;
  void sleep();
  void gather();
  bool wait_for_event(int milliseconds);
  void empty(Ring& ring);
  bool fill(Ring& ring, std::uint64_t end);
  void write_batch();
  bool write_piece(std::string_view piece);
  bool may_write();
  int time_left() const;
  void give_up(std::string_view rest, int error);
  void open_anew();

  const std::string to_;
  std::vector<std::unique_ptr<Ring>> rings_;
  LineSink sink_;
  std::array<char, kBatch> room_;
  std::string_view batch_;  // in room_: taken out of a ring, and not yet written
  bool broken_ = false;     // the last write ended within a line
  int event_ = -1;
  std::atomic<bool> asleep_{false}, reopen_{false}, stop_{false};
  std::atomic<std::int64_t> give_up_at_{INT64_MAX};  // as Time
  std::atomic<std::uint64_t> written_{0}, lost_{0};

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable ended_;
  bool over_ = false;
};

// --- a worker's side

void LineLog::Ring::copy_in(std::uint64_t at, std::string_view line) {
  const std::size_t place = at % kRing;
  const std::size_t first = std::min(line.size(), kRing - place);
  std::memcpy(bytes_.get() + place, line.data(), first);
  std::memcpy(bytes_.get(), line.data() + first, line.size() - first);
}

void LineLog::Ring::copy_out(std::uint64_t at, char* to, std::size_t size) const {
  const std::size_t place = at % kRing;
  const std::size_t first = std::min(size, kRing - place);
  std::memcpy(to, bytes_.get() + place, first);
  std::memcpy(to + first, bytes_.get(), size - first);
}

void LineLog::Ring::write(std::string_view line) noexcept {
  const std::uint64_t end = end_.load(std::memory_order_relaxed);
  if (end + line.size() - seen_read_ > kRing) seen_read_ = begin_.load(std::memory_order_acquire);
  if (end + line.size() - seen_read_ > kRing || line.size() > kLongest) {
    lost_.store(lost_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    return;
  }
  copy_in(end, line);
  // Ordered before the look at asleep_, as the writer's sleep is before its look at end_.
  end_.store(end + line.size(), std::memory_order_seq_cst);
  writer_.wake();
}

// --- the thread's

std::string LineLog::Writer::open() {
  if (const int error = sink_.open(to_); error != 0) {
    return "cannot open " + to_ + " (access_log.to): " + std::strerror(error);
  }
  event_ = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  return event_ >= 0 ? "" : std::string("cannot start the access log: ") + std::strerror(errno);
}

void LineLog::Writer::start(const std::shared_ptr<Writer>& self) {
  self->thread_ = std::thread([self] {
    self->run();
    const std::lock_guard lock(self->mutex_);
    self->over_ = true;
    self->ended_.notify_all();
  });
}

// A write that does not return (a dead network disk) must not keep weir from ending.
void LineLog::Writer::stop() {
  give_up_at_ = (read_clock() + kLastWords).time_since_epoch().count();
  stop_ = true;
  signal();
  std::unique_lock lock(mutex_);
  const bool over = ended_.wait_for(lock, kLastWords * 3 / 2, [this] { return over_; });
  lock.unlock();
  if (over) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void LineLog::Writer::run() {
  for (;;) {
    sleep();
    if (!stop_) gather();
    const bool last = stop_;  // what came before it is written out
    // Taken back only when the rings are empty, so that a sink that takes nothing holds up neither.
    const bool anew = reopen_;
    for (const auto& ring : rings_) empty(*ring);
    if (anew) {
      reopen_ = false;
      open_anew();
    }
    if (last) return;
  }
}

bool LineLog::Writer::idle() const {
  return std::ranges::all_of(rings_, [](const auto& ring) {
    return ring->end_.load(std::memory_order_seq_cst) ==
           ring->begin_.load(std::memory_order_relaxed);
  });
}

void LineLog::Writer::sleep() {
  for (;;) {
    asleep_.store(true, std::memory_order_seq_cst);  // anew: an old wake-up may have taken it away
    if (stop_ || reopen_ || !idle()) break;
    wait_for_event(-1);
  }
  asleep_ = false;
}

void LineLog::Writer::gather() {
  static constexpr auto kMilliseconds =
      std::chrono::duration_cast<std::chrono::milliseconds>(kGather).count();
  wait_for_event(static_cast<int>(kMilliseconds));
}

bool LineLog::Writer::wait_for_event(int milliseconds) {
  pollfd event{event_, POLLIN, 0};
  if (::poll(&event, 1, milliseconds) <= 0) return false;
  std::uint64_t ignored = 0;
  return ::read(event_, &ignored, sizeof ignored) == sizeof ignored;
}

// All that it held at the beginning, so that no ring keeps the others waiting.
void LineLog::Writer::empty(Ring& ring) {
  const std::uint64_t end = ring.end_.load(std::memory_order_acquire);
  while (fill(ring, end)) write_batch();
}

// Takes whole lines out of the ring; false: there are none.
bool LineLog::Writer::fill(Ring& ring, std::uint64_t end) {
  const std::uint64_t begin = ring.begin_.load(std::memory_order_relaxed);
  const auto there = static_cast<std::size_t>(end - begin);
  if (there == 0) return false;
  const std::size_t size = std::min(there, room_.size());
  ring.copy_out(begin, room_.data(), size);
  batch_ = std::string_view(room_.data(), size);
  batch_ = batch_.substr(0, batch_.rfind('\n') + 1);
  ring.begin_.store(begin + batch_.size(), std::memory_order_release);
  return true;
}

void LineLog::Writer::write_batch() {
  if (broken_ && write_piece("\n")) broken_ = false;
  while (!batch_.empty()) {
    std::string_view piece = batch_;
    if (piece.size() > sink_.at_once()) {
      piece = piece.substr(0, sink_.at_once());
      piece = piece.substr(0, piece.rfind('\n') + 1);
    }
    if (!write_piece(piece)) {
      const std::uint64_t lost = lines_in(batch_);
      lost_ += lost;
      batch_ = {};
      return;
    }
    written_ += lines_in(piece);
    batch_.remove_prefix(piece.size());
  }
}

// False: it is given up, and told.
bool LineLog::Writer::write_piece(std::string_view piece) {
  const std::size_t whole = piece.size();
  while (!piece.empty()) {
    if (sink_.waits() && !may_write()) {
      give_up(piece.size() == whole ? "" : piece, 0);
      return false;
    }
    const ssize_t n = sink_.write(piece);
    if (n >= 0) {
      piece.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno != EINTR && errno != EAGAIN) {
      give_up(piece.size() == whole ? "" : piece, errno);
      return false;
    }
  }
  return true;
}

// Waits until the sink takes something. False: it does not, and weir ends and the time is over, or
// the file is to be opened anew.
bool LineLog::Writer::may_write() {
  for (;;) {
    const bool anew = reopen_;
    std::array<pollfd, 2> both = {{{sink_.descriptor(), POLLOUT, 0}, {event_, POLLIN, 0}}};
    const int wait = anew ? 0 : stop_ ? time_left() : -1;
    const int ready = ::poll(both.data(), both.size(), wait);
    if (ready > 0 && both[0].revents != 0) return true;
    if (anew || ready == 0) return false;
    std::uint64_t ignored = 0;
    if (both[1].revents != 0 && ::read(event_, &ignored, sizeof ignored) < 0) continue;
  }
}

// In milliseconds, once weir ends.
int LineLog::Writer::time_left() const {
  const Time give_up_at{Duration{give_up_at_.load()}};
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(give_up_at - read_clock()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

// `rest`: of a piece that was written in part.
void LineLog::Writer::give_up(std::string_view rest, int error) {
  broken_ = broken_ || !rest.empty();
  if (error == 0) return;
  log_error("access log: cannot write to " + to_ + ": " + std::strerror(error) +
            "; lines are lost");
}

void LineLog::Writer::open_anew() {
  if (to_ == "stdout") return;
  LineSink sink;
  if (const int error = sink.open(to_); error != 0) {
    log_error("access log: cannot open " + to_ + " anew: " + std::strerror(error) +
              "; going on with the file that was open");
    return;
  }
  sink_ = std::move(sink);
  broken_ = false;
  log_info("access log: opened " + to_ + " anew");
}

// --- the log

LineLog::OpenResult LineLog::open(const std::string& to, std::size_t rings) {
  auto writer = std::make_shared<Writer>(to, rings);
  if (std::string error = writer->open(); !error.empty()) return {nullptr, std::move(error)};
  Writer::start(writer);
  return {std::unique_ptr<LineLog>(new LineLog(std::move(writer))), {}};
}

LineLog::~LineLog() { writer_->stop(); }

LineLog::Ring& LineLog::ring(std::size_t index) { return writer_->ring(index); }
void LineLog::reopen() { writer_->reopen(); }
std::uint64_t LineLog::written() const { return writer_->written(); }
std::uint64_t LineLog::lost() const { return writer_->lost(); }

}  // namespace weir
