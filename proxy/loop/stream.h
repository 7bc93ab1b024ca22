// One connected socket, TCP or Unix, on a worker's loop: reads into the worker's scratch buffer,
// writes at once what the socket takes, and holds a copy of the rest.
//
// Owner: itself. It is made with new and deletes itself when libuv has closed its handle; close()
// begins that, and from then on no callback comes but on_closed(). Thread: the worker's.
//
// Bounds: a remainder is copied into one lent block for each write that was not taken whole;
// callers stop their source while has_pending().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <uv.h>

#include "proxy/loop/buffer_pool.h"
#include "proxy/loop/read_scratch.h"

namespace weir {

// What a worker lends to all its streams; its loop's `data` points to it.
struct StreamMemory {
  BufferPool& buffers;
  ReadScratch& scratch;
};

// For a write, which changes nothing in it.
inline uv_buf_t buffer_of(std::string_view bytes) {
  return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
}

class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  enum class Written : std::uint8_t {
    whole,    // the socket took all of it
    pending,  // on_drained() will tell
    failed,   // the connection is broken for writing
  };
  // Writes the buffers, in order, after all that is still pending. `taken`: the bytes that the
  // socket took now.
  Written write(std::span<uv_buf_t> buffers, std::size_t* taken = nullptr);
  bool has_pending() const { return pending_writes_ != 0; }
  std::size_t pending_bytes() const { return closing_ ? 0 : stream()->write_queue_size; }
  // Bytes that the socket has taken in all, modulo 2^32: whether it moves.
  std::uint32_t sent_bytes() const { return handed_ - static_cast<std::uint32_t>(pending_bytes()); }

  void start_reading();
  void stop_reading();
  bool reading() const { return reading_; }

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
  explicit Stream(uv_loop_t* loop) { handle_.stream.loop = loop; }
  virtual ~Stream() = default;

  // --- taking the handle into use; false or an error of libuv's: close() it
  int open_tcp(int fd);
  int open_pipe(int fd);
  int connect_tcp(const sockaddr* address);
  void connect_pipe(const char* path);

  virtual void on_connected(int /*status*/) {}
  // How much the next read may bring, at least 1.
  virtual std::size_t read_room() const { return ReadScratch::kSize; }
  virtual void on_read(char* data, std::size_t size) = 0;
  virtual void on_end(int error) = 0;  // UV_EOF or what broke the connection; reading has stopped
  virtual void on_drained() = 0;       // nothing is pending any more
  virtual void on_write_failed(int error) = 0;

  uv_loop_t* loop() const { return handle_.stream.loop; }

 private:
  struct PendingWrite;
  struct Connecting;

  StreamMemory& memory() const { return *static_cast<StreamMemory*>(loop()->data); }
  uv_stream_t* stream() const { return const_cast<uv_stream_t*>(&handle_.stream); }
  void receive();
  void note_descriptor();
  bool queue_rest(std::span<uv_buf_t> buffers, std::size_t taken);
  void written(PendingWrite* write, int status);
  void begin_close();

  // Thousands of these may be idle: mind the size.
  int descriptor_ = -1;       // while the handle has one
  std::uint32_t handed_ = 0;  // bytes handed to write(), modulo 2^32
  std::uint16_t pending_writes_ = 0;
  bool opened_ : 1 = false;
  bool reading_ : 1 = false;
  bool closing_ : 1 = false;
  bool broken_ : 1 = false;  // a pending write failed
  union Handle {
    uv_stream_t stream;
    uv_tcp_t tcp;
    uv_pipe_t pipe;
  } handle_{};
};

}  // namespace weir
