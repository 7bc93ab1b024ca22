// The service's addresses: of an IP literal or Unix socket at once, of a name through the system's
// resolver off the loop.
//
// A name's answer is used for kMaxAge and then asked for anew in the background, and also after all
// its addresses failed. Without any answer, connections wait for the first.
//
// Owner and thread: a worker; one for each service that its snapshots name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <uv.h>

#include "config/snapshot.h"
#include "filters/time.h"
#include "proxy/net/name_lookup.h"

namespace weir {

class Resolver final : private NameLookup::Owner {
 public:
  // As CoreDNS lets the names of services live by default.
  static constexpr Duration kMaxAge = std::chrono::seconds(5);
  // After all addresses failed: five times a second, however many requests fail.
  static constexpr Duration kAskAgain = std::chrono::milliseconds(200);

  // What waits for an answer.
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
  void close();  // before the loop's last run; nothing may be waiting any more

  const Endpoint& endpoint() const { return endpoint_; }
  bool is_unix() const { return endpoint_.kind == Endpoint::Kind::unix_socket; }
  const std::string& path() const { return endpoint_.host; }

  // Not for Unix sockets. Empty: none known yet, wait() for them.
  const std::vector<sockaddr_storage>& addresses(Time now);
  // Counts the answers that differed from the one before, in whatever order.
  std::uint32_t generation() const { return generation_; }
  // `address`: as getpeername() has it. True as well if none is known.
  bool names(const sockaddr_storage& address) const;
  // Asking could bring something new: the answer is of a name, and older than kAskAgain.
  bool may_have_moved(Time now) const;
  void ask();  // in the background
  void wait(Waiter& waiter);
  static void forget(Waiter& waiter);

  // All addresses failed, or the first one did not: where to begin with next time.
  void note_failure();
  void note_success(std::size_t index);
  std::size_t first() const { return first_; }

 private:
  void on_answer(std::vector<sockaddr_storage> found, const std::string& error) override;
  void call_waiters();
  void use_literal();
  void use(std::vector<sockaddr_storage> addresses);

  NameLookup lookup_;
  Endpoint endpoint_;
  std::vector<sockaddr_storage> addresses_;
  std::size_t first_ = 0;
  std::uint32_t generation_ = 0;
  Time answered_{};
  bool stale_ = false;
  bool closed_ = false;
  Waiter* waiters_ = nullptr;
};

}  // namespace weir
