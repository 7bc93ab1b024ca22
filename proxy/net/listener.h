// Listening: one socket for all workers, and each worker's share of accepting from it.
//
// SO_REUSEPORT is not used: the kernel would lose what waits in the queue of a socket that closes.
// Every worker polls its own duplicate of the one descriptor and accepts a few at a time.
//
// Without descriptors left (EMFILE) accepting pauses for 100 ms at a time instead of spinning,
// which is said once in ten seconds; what is open goes on.
#pragma once

#include <cstdint>
#include <string>
#include <sys/socket.h>

#include <uv.h>

#include "config/snapshot.h"

namespace weir {

// The socket itself. Owner: the server; made and closed on its thread.
class ListeningSocket {
 public:
  ListeningSocket() = default;
  ~ListeningSocket() { close(); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  // Empty, or what went wrong, as one line that names `setting`.
  std::string open(const Endpoint& endpoint, const std::string& setting);
  void close();

  int descriptor() const { return fd_; }
  std::uint16_t port() const { return port_; }
  const std::string& address() const { return address_; }

 private:
  // An errno, or what else went wrong.
  int open_unix(const Endpoint& endpoint, std::string& why);
  int open_tcp(const Endpoint& endpoint, std::string& why);
  int bind_and_listen(const sockaddr* address, socklen_t size, bool both_families);
  void note_address();

  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::string address_;
  std::string path_;  // of a Unix socket, removed at the end
};

// A worker's share of it.
class Acceptor {
 public:
  class Owner {
   public:
    virtual void on_accepted(int fd, const sockaddr_storage& peer) = 0;  // owns fd from now on
    virtual void on_out_of_descriptors() = 0;

   protected:
    ~Owner() = default;
  };

  // Duplicates the descriptor; false if that fails.
  bool open(uv_loop_t* loop, const ListeningSocket& socket, Owner& owner);
  // Accepts all that stand in the kernel's queue: closing would reset them.
  void accept_waiting();
  void close();
  bool open() const { return fd_ >= 0; }

 private:
  void accept_some();
  void accept_at_most(int most);
  void pause();

  Owner* owner_ = nullptr;
  int fd_ = -1;
  uv_poll_t poll_{};
  uv_timer_t pause_{};
};

}  // namespace weir
