// A chain of filters, outermost first, and the engine that moves requests through it.
//
// All four calls are made inside a pass of the gate, on the thread of the worker that owns the
// request. Each says with a Step what the data plane is to do once the gate is open again.
//
// The rules of the chain (docs/filters.md, "How a chain works") live here and in Buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "filters/filter.h"

namespace weir {

// What the data plane is to do next. Whatever an attempt was doing is over unless it is `none` or
// `commit`: its connection is to be closed if its response has not been read to the end.
enum class Step : std::uint8_t {
  none,     // nothing new: go on waiting, or with the attempt
  forward,  // send it to the service
  wait,     // hold it; the mailbox or the alarm will say when to go on
  answer,   // Request::outcome is final: answer it, or abort if committed, then end()
  commit,   // Request::outcome is the service's response: give it to the client
};

class Chain {
 public:
  // `filters`: outermost first, shared with other chains and snapshots.
  Chain(std::string name, Gate& gate, std::vector<std::shared_ptr<Filter>> filters);

  // A new request. Sets arrived, ticket.
  Step arrive(Request& request);
  // What the current attempt came to: a response head, a failure.
  Step on_outcome(Request& request, const Outcome& outcome);
  // Its alarm rang, or it came out of the mailbox. Harmless when there was no need.
  Step wake(Request& request);
  // The one end. Destroys the visits from the inside out and unlinks it from its mailbox.
  void end(Request& request, EndReason how);

  const std::string& name() const { return name_; }
  const std::vector<std::shared_ptr<Filter>>& filters() const { return filters_; }
  // How much of a request's body is worth holding: the largest max_body of its retries.
  std::int64_t replay_limit() const { return replay_limit_; }

 private:
  // Where a request is before the first filter.
  static constexpr int kOutside = -1;

  void begin(Request& request);
  // What a moment ended with, whichever it was.
  enum class Move : std::uint8_t { inward, outward, wait, stay };
  template <typename Moment>
  static Move move_of(Moment ended) {
    static_assert(Move(Entered::wait) == Move::wait && Move(Left::wait) == Move::wait &&
                  Move(Woken::stay) == Move::stay && Move(Left::outward) == Move::outward &&
                  Move(Entered::outward) == Move::outward && Move(Woken::wait) == Move::wait);
    return static_cast<Move>(ended);
  }
  Step run(Request& request, int at, Move move);
  void destroy_inside(Request& request, int depth);
  Step send(Request& request);
  Step finish(Request& request);

  std::string name_;
  Gate& gate_;
  std::vector<std::shared_ptr<Filter>> filters_;
  std::int64_t replay_limit_ = 0;
};

}  // namespace weir
