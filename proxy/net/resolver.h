// The service's addresses: of an IP literal or Unix socket at once, of a name through the system's
// resolver off the loop.
//
// A name's answer is used for kMaxAge and then asked for anew in the background, and also after all
// its addresses failed. Without any answer, connections wait for the first.
//
// Owner and thread: a worker; one for each service that its snapshots name.
#pragma once

#include <string>
#include <sys/socket.h>
#include <vector>

#include <uv.h>

#include "config/snapshot.h"
#include "filters/time.h"

namespace weir {

class Resolver {
 public:
  static constexpr Duration kMaxAge = std::chrono::seconds(30);
  static constexpr Duration kAskAgain = std::chrono::seconds(1);  // after all addresses failed
  static constexpr std::size_t kMaxAddresses = 64;  // of one answer; more are left out

  // Somebody who waits for an answer.
  class Waiter {
   public:
    virtual ~Waiter() = default;
    virtual void on_resolved() = 0;  // there are addresses now, or there is none to be had

   private:
    friend class Resolver;
    Waiter* next_ = nullptr;
    Waiter** back_ = nullptr;
  };

  void open(uv_loop_t* loop, const Endpoint& endpoint);
  void close();                            // nobody may be waiting any more
  bool asking() const { return asking_; }  // must not be destroyed yet

  const Endpoint& endpoint() const { return endpoint_; }
  bool is_unix() const { return endpoint_.kind == Endpoint::Kind::unix_socket; }
  const std::string& path() const { return endpoint_.host; }

  // Not for Unix sockets. Empty: none known yet, wait() for them.
  const std::vector<sockaddr_storage>& addresses(Time now);
  void wait(Waiter& waiter);
  static void forget(Waiter& waiter);

  // Whether an answer that is asked for now can be newer than what was known at `at`: of a name.
  bool may_know_better(Time at) const {
    return endpoint_.kind == Endpoint::Kind::name && answered_ <= at;
  }
  // All addresses failed, or the first one did not: where to begin with next time.
  void note_failure();
  void note_success(std::size_t index) { first_ = index; }
  std::size_t first() const { return first_; }

 private:
  void ask();
  void take_answer(int status, const addrinfo* found);
  void call_waiters();
  void use_literal();

  uv_loop_t* loop_ = nullptr;
  Endpoint endpoint_;
  std::vector<sockaddr_storage> addresses_;
  std::size_t first_ = 0;
  Time answered_{};
  bool stale_ = false;
  bool asking_ = false;
  bool closed_ = false;
  Waiter* waiters_ = nullptr;
  uv_getaddrinfo_t request_{};
};

}  // namespace weir
