// One connected socket, TCP or Unix, on a worker's loop: reads into the poller's room, writes
// together with what others write in the same group, and holds a copy of what its socket does not
// take.
//
// Owner: itself. It is made with new and is deleted by the poller behind its close(); from
// close() on no callback comes. Thread: the worker's.
//
// Bounds: a remainder is copied into one lent block for each write that was not taken whole;
// callers stop their source while has_pending().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <sys/socket.h>
#include <sys/uio.h>

#include "proxy/net/net_error.h"
#include "proxy/net/poller.h"

namespace weir {

// For a write, which changes nothing in it.
inline iovec buffer_of(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  enum class Written : std::uint8_t {
    whole,    // the socket took all of it, or is going to be given it; else on_backlog() will tell
    pending,  // on_drained() will tell
    failed,   // the connection is broken for writing
  };
  enum class When : std::uint8_t {
    with_others,  // at the end of the group; what is large goes at once
    at_once,      // so that its failure shows now
  };
  // Writes the buffers, in order, after all that is still pending. `taken`: the bytes that the
  // socket took now, or is going to be given.
  Written write(std::span<iovec> buffers, std::size_t* taken = nullptr,
                When when = When::with_others);
  // Sends now what waits for the end of the group, so that has_pending() says how it is.
  void flush();
  bool has_pending() const { return pending_ != nullptr; }
  // Bytes of all written that the peer's kernel has acknowledged, modulo 2^32: whether the peer
  // reads. A system call.
  std::uint32_t acknowledged_bytes() const { return sent_bytes() - unacknowledged(); }
  bool has_unacknowledged() const { return unacknowledged() != 0; }
  // Bytes that the socket has taken in all, or is going to be given, modulo 2^32: whether it moves.
  std::uint32_t sent_bytes() const { return handed_ - pending_bytes_; }

  void start_reading();
  // What has been fetched by now still comes: one on_read() of Poller::kSlot at most, or on_end().
  void stop_reading();
  bool reading() const { return reading_; }
  // on_turn() comes in the next turn, behind the other sockets that are ready: for work on what has
  // been read already, so that no peer keeps the loop for itself.
  void ask_for_turn();
  // For on_read(): what it has just been given took long for its size. The socket is read with no
  // more than a slot a turn, until it has filled kSmallReads of them.
  void read_less();
  // Something has come, bytes or an end, that on_read() or on_end() did not tell of yet.
  bool has_unread_event() const { return readable_ || fetched_; }

  // Sends a FIN after what is pending.
  void shut_down();
  void close();
  // Closes with a reset, so that the peer cannot take what it has for the whole.
  void close_reset();
  bool closing() const { return closing_; }

  // Asks the socket whether its peer has closed or reset, read or not.
  bool peer_left() const;
  // The same of a reset alone.
  bool peer_reset() const;
  int descriptor() const { return descriptor_; }  // -1 without one

 protected:
  explicit Stream(Poller& poller) : poller_(poller) { ++poller.streams_; }
  virtual ~Stream() { --poller_.streams_; }

  // --- taking a socket into use; on an error close() it
  NetError open(int fd);  // takes the descriptor
  NetError connect_tcp(const sockaddr* address);
  NetError connect_pipe(const char* path);

  // Whether the connect is over, which the poller may not have told of yet: if so, on_connected()
  // comes from inside this call.
  bool finish_connecting_now();
  virtual void on_connected(NetError /*error*/) {}
  // How much the next read may bring, at least 1.
  virtual std::size_t read_room() const { return Poller::kLargeBuffer; }
  virtual void on_read(char* data, std::size_t size) = 0;
  // The peer's end, or what broke the connection; reading has stopped.
  virtual void on_end(NetError error) = 0;
  virtual void on_turn() {}       // that was asked for
  virtual void on_backlog() = 0;  // what had been written whole is pending in part
  virtual void on_drained() = 0;  // nothing is pending any more
  virtual void on_write_failed() = 0;

 private:
  std::uint32_t unacknowledged() const;  // of what the kernel has taken
  friend class Poller;
  struct PendingWrite;
  static constexpr std::uint8_t kSmallReads = 16;

  // --- for the poller
  void on_events(std::uint32_t events);
  // Reads for the group. False: there is nothing to deliver.
  bool fetch(Poller::Fetched& fetched);
  void deliver(const Poller::Fetched& fetched);
  void send_unsent(std::string_view bytes);

  NetError connect(const sockaddr* address, socklen_t size);
  bool finish_connecting(std::uint32_t events);
  void want_turn();
  void receive();
  bool may_read_large();
  void end_reading(std::ptrdiff_t result);
  Written send(std::span<iovec> buffers, std::size_t total, std::size_t* taken);
  void continue_later(std::string_view bytes, ssize_t sent);
  void queue_rest(std::span<iovec> buffers, std::size_t total, std::size_t taken);
  void send_pending();
  void drop_pending();

  // Thousands of these may be idle: mind the size.
  Poller& poller_;
  Stream* next_ready_ = nullptr;     // in the poller's list
  PendingWrite* pending_ = nullptr;  // the oldest
  PendingWrite* newest_ = nullptr;
  int descriptor_ = -1;
  std::uint32_t handed_ = 0;  // bytes handed to write(), modulo 2^32
  std::uint32_t pending_bytes_ = 0;
  bool connecting_ = false;
  bool reading_ = false;
  bool readable_ = false;     // it may have bytes, or its end, for the next read
  bool peer_closed_ = false;  // its peer has closed or reset: read until that shows
  bool wants_turn_ = false;
  std::uint8_t small_reads_ = 0;  // still to come, see read_less()
  bool large_reads_ = false;      // the last read brought more than a slot takes
  bool listed_ = false;           // among the poller's ready ones
  bool fetched_ = false;          // what was fetched is still to be delivered
  bool unsent_ = false;           // the poller's outbox has bytes of it
  bool shut_ = false;             // a FIN goes behind what is pending
  bool broken_ = false;           // a write failed
  bool failed_ = false;           // the poller has told of an error
  bool closing_ = false;
};

}  // namespace weir
