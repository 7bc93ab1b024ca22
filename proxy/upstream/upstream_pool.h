// A worker's idle connections to one service, the newest first: the oldest ones go unused and
// close, so that the pool shrinks to what is needed.
//
// A connection is not used for new requests any more once it is older than its share of
// upstream.max_age, or once the service's name does not stand for its address any more. Both are
// looked at when its alarm rings, at least every kLookAgain while it is used.
//
// How many may be in use is bounded by the innermost concurrency limit of every chain; here nothing
// queues and nothing is refused. With several workers, one that opens a connection while the total
// stands at upstream.max_connections asks others to close an idle one.
//
// Owner and thread: the worker; only shed_one() is called by others.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "filters/random.h"
#include "filters/time.h"

namespace weir {

class Resolver;
class UpstreamConnection;
class WorkerContext;

class UpstreamPool {
 public:
  static constexpr Duration kLookAgain = std::chrono::seconds(2);

  UpstreamPool(WorkerContext& worker, Resolver& resolver);

  UpstreamConnection* take_idle();  // the newest; null if there is none
  void put(UpstreamConnection& connection);
  bool close_oldest();  // false: none was idle
  void close_all();
  // No snapshot in force names this service any more: what is idle or comes back is closed.
  void supersede();
  bool superseded() const { return superseded_; }
  std::size_t open() const { return open_; }  // connections of this pool, those in use included

  // Before a new connection is made.
  void make_room();
  // Until when it may be used: three quarters of upstream.max_age at least, so that connections
  // that were made together do not end together.
  Time expiry(Time now);
  // It is to take no new request. Asks for the name anew if its answer is old.
  bool is_outdated(UpstreamConnection& connection, Time now);
  // Of an idle one.
  void set_alarm(UpstreamConnection& connection, Time now);

  void count_opened();
  void uncount();  // one of them does not count against upstream.max_connections any more
  void count_closed(UpstreamConnection& connection);

 private:
  void unlink(UpstreamConnection& connection);

  WorkerContext& worker_;
  Resolver& resolver_;
  Random random_;
  UpstreamConnection* newest_ = nullptr;
  UpstreamConnection* oldest_ = nullptr;
  std::size_t open_ = 0;
  bool superseded_ = false;
};

}  // namespace weir
