// The sockets of one worker: which of them are ready, and what is to be done about it, in groups.
//
// A turn waits for events and goes through the sockets that may be read, a group at a time: first
// the bytes of all of them are fetched, then each stream is told of its own, then what they have
// written is sent. That is one thing for many instead of all things for one, as packet processors
// do it (D. Barach et al., "High-Speed Software Data Plane via Vectorized Packet Processing", IEEE
// Communications Magazine 56-12, 2018): kernel and weir drive each other's code out of the caches
// three times a group, not four times a request. What it saves stands in docs/performance.md. A
// socket that is alone in its turn is served as soon as ever.
//
// A socket is watched in both directions and edge-triggered, once for all: no system call when a
// stream stops and starts, no second look by the kernel at what was ready before. Everything else
// (timers, listening, wake-ups, names) is libuv's: its loop is embedded, as uv_backend_fd() is for,
// and has its turn behind the sockets' when it has anything to do.
//
// Owner and thread: the worker. Bounds: kGroup sockets a group, kSlot bytes of each; kOutbox bytes
// wait to be sent, for no longer than the group, or until the worker blocks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <vector>

#include <uv.h>

#include "filters/time.h"
#include "proxy/net/buffer_pool.h"
#include "proxy/net/net_error.h"

namespace weir {

class Stream;

class Poller {
 public:
  class Host {
   public:
    // Some sockets were served and others follow, with no stream on the stack: what was kept
    // because one of them could still be at work with it can be used again.
    virtual void between_groups() = 0;

   protected:
    ~Host() = default;
  };

  static constexpr std::size_t kGroup = 32;
  static constexpr std::size_t kSlot = 4 << 10;
  static constexpr std::size_t kOutbox = 64 << 10;
  // What a stream that has more than a slot to read is read with; so much that what a socket does
  // not take of it fits a block of 64 KiB, together with a chunk's frame and the write's own part.
  static constexpr std::size_t kLargeBuffer = (64 << 10) - 512;

  explicit Poller(BufferPool& buffers);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // False: out of descriptors.
  bool open(uv_loop_t& loop, Host* host = nullptr);
  // Waits until a socket or libuv's loop has something to do (or does not wait), and does it.
  // Timers come last: what has arrived in time is seen before its time is up, even if the whole
  // process stood still for a while.
  void turn(bool wait);
  // When the wait of this turn was over.
  Time now() const { return now_; }
  // Whether a turn would not have to wait.
  bool has_work() const;
  // Sends what has been written and not been sent yet: before the worker blocks.
  void flush() {
    if (unsent_count_ != 0) send_unsent();
  }
  // Deletes the streams that have closed: with none of them on the stack.
  void delete_closed() {
    if (!closed_.empty()) delete_all_closed();
  }
  std::size_t streams() const { return streams_; }  // those that wait to be deleted, too

 private:
  friend class Stream;

  // What was fetched for a stream, and has not been handed to it yet.
  struct Fetched {
    Stream* stream;
    char* bytes;
    std::size_t room;
    std::ptrdiff_t size;  // or 0 for its end, or a negative errno; kLater: read when it is told
  };
  static constexpr std::ptrdiff_t kLater = PTRDIFF_MIN;
  static constexpr std::ptrdiff_t kTurn = PTRDIFF_MIN + 1;  // nothing read: it asked for a turn

  // What a stream has written, in the outbox.
  struct Unsent {
    Stream* stream;  // null: it has been taken out
    std::uint32_t begin, size;
  };
  static constexpr std::size_t kMostUnsent = 4 * kGroup;

  // --- for streams
  NetError watch(Stream& stream, int fd);
  void mark_readable(Stream& stream);  // among those that may be read
  // Copies what is written, to be sent later. False: no room, or it would go before other bytes of
  // the same stream's.
  bool enqueue_write(Stream& stream, std::span<const iovec> buffers, std::size_t total);
  // Takes out what the stream has put in. Good until the next put().
  std::string_view cancel_write(const Stream& stream);
  void defer_delete(Stream& stream) { closed_.push_back(&stream); }
  void send_unsent();
  void delete_all_closed();
  char* large_buffer() { return room_->large_buffer.data(); }

  int patience() const;
  bool serve_sockets(int timeout, int& count);
  [[gnu::noinline]] void serve_loop(int count, bool late);
  void serve_ready();
  [[gnu::noinline]] void serve_further_groups(Stream* next);
  Stream* serve_group(Stream* first);

  static constexpr int kEvents = 256;
  // Looks at the sockets before timers run, besides those that see all sockets once; and the age of
  // a look that calls for another.
  static constexpr std::size_t kMoreLooks = 2;
  static constexpr Duration kStale = std::chrono::milliseconds(10);
  struct Room {
    std::array<epoll_event, kEvents> events;
    std::array<Fetched, kGroup> group;
    std::array<Unsent, kMostUnsent> unsent;
    std::array<char, kGroup * kSlot> slots;
    std::array<char, kLargeBuffer> large_buffer;
    std::array<char, kOutbox> outbox;
  };

  BufferPool& buffers_;
  std::unique_ptr<Room> room_;
  uv_loop_t* loop_ = nullptr;
  Host* host_ = nullptr;
  int epoll_ = -1;
  Time now_{};
  Stream* ready_ = nullptr;  // may be read, and want to be; in the order in which they came
  Stream* last_ready_ = nullptr;
  std::vector<Stream*> closed_;
  std::size_t streams_ = 0;
  std::uint32_t unsent_count_ = 0, outbox_used_ = 0;
};

}  // namespace weir
