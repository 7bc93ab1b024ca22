#include "filters/chain.h"

#include <algorithm>

#include "filters/limiter.h"

namespace weir {

Chain::Chain(std::string name, Gate& gate, std::vector<std::shared_ptr<Filter>> filters)
    : name_(std::move(name)), gate_(gate), filters_(std::move(filters)) {
  for (const auto& filter : filters_) {
    replay_limit_ = std::max(replay_limit_, filter->replay_limit());
  }
}

Step Chain::arrive(Request& request) {
  request.chain_ = this;
  request.depth_ = 0;
  std::fill_n(request.spent_.begin(), filters_.size(), 0);
  begin(request);
  request.arrived = request.now;
  request.ticket = request.pass;
  request.deadline = {};
  request.attempts = 0;
  request.waited = Duration{0};
  request.ending = EndReason::complete;
  request.outcome = {};
  request.grant = {};
  return run(request, kOutside, Move::inward);
}

Step Chain::on_outcome(Request& request, const Outcome& outcome) {
  begin(request);
  request.outcome = outcome;
  return run(request, request.depth_, Move::outward);
}

Step Chain::wake(Request& request) {
  begin(request);
  for (int i = 0; i < request.depth_; ++i) {
    Visit& visit = *request.visits_[static_cast<std::size_t>(i)];
    const bool rings = visit.alarm_.at <= request.now;
    if (rings) visit.clear_alarm();
    // The innermost visit is where a waiting request waits, so it is asked in any case.
    if (!rings && i + 1 < request.depth_) continue;
    const Move move = move_of(visit.wake());
    // What was under way further in is over, be it an attempt or a wait with a grant.
    if (move == Move::outward) destroy_inside(request, i + 1);
    const Step step = run(request, i, move);
    if (step != Step::none) return step;
  }
  return Step::none;
}

void Chain::end(Request& request, EndReason how) {
  begin(request);
  request.ending = how;
  destroy_inside(request, 0);
  if (request.grant.cause != nullptr) WaitableResource::pass_on(request.grant, gate_);
  Mailbox::unlink(request);
  request.chain_ = nullptr;
}

void Chain::begin(Request& request) {
  request.now = gate_.now();
  request.pass = gate_.pass();
}

// Moves the request on from filter `at`, whose moment ended with `move`, until it comes to rest.
Step Chain::run(Request& request, int at, Move move) {
  for (;;) {
    while (move == Move::inward) {
      if (request.depth_ > ++at) destroy_inside(request, at);
      if (at == static_cast<int>(filters_.size())) return send(request);
      const auto place = static_cast<std::size_t>(at);
      Visit& visit = filters_[place]->visit(VisitSlot(request, place));
      request.visits_[place] = &visit;
      request.depth_ = static_cast<std::uint8_t>(place + 1);
      move = move_of(visit.enter());
    }
    while (move == Move::outward) {
      if (at == 0) return finish(request);
      move = move_of(request.visits_[static_cast<std::size_t>(--at)]->leave());
    }
    if (move == Move::stay) return Step::none;
    if (move == Move::wait) {
      destroy_inside(request, at + 1);
      return Step::wait;
    }
  }
}

void Chain::destroy_inside(Request& request, int depth) {
  for (int at = request.depth_ - 1; at >= depth; --at) {
    request.depth_ = static_cast<std::uint8_t>(at);
    request.visits_[static_cast<std::size_t>(at)]->~Visit();
  }
}

Step Chain::send(Request& request) {
  if (request.grant.cause != nullptr) WaitableResource::pass_on(request.grant, gate_);
  ++request.attempts;
  return Step::forward;
}

// The outcome has come out at the top. Here a busy that nobody took becomes a refusal.
Step Chain::finish(Request& request) {
  Outcome& outcome = request.outcome;
  if (outcome.type == Outcome::Type::response) {
    request.committed = true;
    return Step::commit;
  }
  if (outcome.type == Outcome::Type::busy) outcome.type = Outcome::Type::refused;
  // What the client is told of a quota: when the next token is there, of the one that takes
  // longest.
  if (outcome.type == Outcome::Type::refused && outcome.retry_at != kNever) {
    for (const auto& filter : filters_) {
      outcome.retry_at = std::max(outcome.retry_at, filter->ready_at(request));
    }
  }
  if (outcome.retry_after == Duration{0} && outcome.retry_at != kNever) {
    outcome.retry_after = std::max(outcome.retry_at - request.now, Duration{1});
  }
  const bool refusal =
      outcome.type == Outcome::Type::refused || outcome.reason == Reason::deadline_in_queue;
  if (refusal && outcome.filter != nullptr) {
    outcome.filter->rejected.add(outcome.reason, request.tenant_label);
  }
  return Step::answer;
}

}  // namespace weir
