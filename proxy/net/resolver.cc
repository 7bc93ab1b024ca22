#include "proxy/net/resolver.h"

#include <algorithm>
#include <netinet/in.h>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/log/log.h"

namespace weir {
namespace {

bool contains(const std::vector<sockaddr_storage>& addresses, const sockaddr_storage& address) {
  return std::ranges::any_of(addresses,
                             [&](const auto& each) { return same_address(each, address); });
}

}  // namespace

void Resolver::open(uv_loop_t* loop, const Endpoint& endpoint) {
  endpoint_ = endpoint;
  if (endpoint.kind == Endpoint::Kind::ip) use_literal();
  if (endpoint.kind == Endpoint::Kind::name) lookup_.open(loop, *this);
}

void Resolver::use_literal() {
  sockaddr_storage address{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (uv_ip4_addr(endpoint_.host.c_str(), endpoint_.port, &v4) != 0 &&
      uv_ip6_addr(endpoint_.host.c_str(), endpoint_.port, &v6) != 0) {
    return;
  }
  addresses_.push_back(address);
}

void Resolver::close() {
  if (closed_) return;
  closed_ = true;
  lookup_.close();
}

const std::vector<sockaddr_storage>& Resolver::addresses(Time now) {
  const Duration good_for = stale_ ? kAskAgain : kMaxAge;
  if (endpoint_.kind == Endpoint::Kind::name && !addresses_.empty() && now - answered_ > good_for) {
    ask();
  }
  return addresses_;
}

void Resolver::wait(Waiter& waiter) {
  waiter.next_ = waiters_;
  waiter.back_ = &waiters_;
  if (waiter.next_ != nullptr) waiter.next_->back_ = &waiter.next_;
  waiters_ = &waiter;
  ask();
}

void Resolver::forget(Waiter& waiter) {
  if (waiter.back_ == nullptr) return;
  *waiter.back_ = waiter.next_;
  if (waiter.next_ != nullptr) waiter.next_->back_ = waiter.back_;
  waiter.next_ = nullptr;
  waiter.back_ = nullptr;
}

void Resolver::note_failure() {
  if (endpoint_.kind == Endpoint::Kind::name) stale_ = true;
}

void Resolver::ask() {
  if (closed_ || lookup_.busy()) return;
  lookup_.begin(endpoint_.host, endpoint_.port);  // or what waits runs into its timeout
}

void Resolver::on_answer(std::vector<sockaddr_storage> found, const std::string& error) {
  answered_ = read_clock();
  if (error.empty()) {
    stale_ = false;
    use(std::move(found));
  } else {
    log_warning("upstream.address: cannot resolve " + endpoint_.host + ": " + error);
  }
  call_waiters();
}

void Resolver::use(std::vector<sockaddr_storage> addresses) {
  const bool same_set =
      addresses.size() == addresses_.size() &&
      std::ranges::all_of(addresses, [&](const auto& each) { return contains(addresses_, each); });
  if (!same_set) ++generation_;
  // The order of an answer is followed, as names use it to spread load; but where the first of them
  // did not answer, the one that did goes first again.
  const bool keep = same_set && first_ != 0;
  const sockaddr_storage good = keep ? addresses_[first_] : sockaddr_storage{};
  addresses_ = std::move(addresses);
  first_ = 0;
  while (keep && !same_address(addresses_[first_], good)) ++first_;
}

void Resolver::note_success(std::size_t index) {
  if (index < addresses_.size()) first_ = index;
}

bool Resolver::names(const sockaddr_storage& address) const {
  return addresses_.empty() || contains(addresses_, address);
}

bool Resolver::may_have_moved(Time now) const {
  return endpoint_.kind == Endpoint::Kind::name && !closed_ && now - answered_ >= kAskAgain;
}

void Resolver::call_waiters() {
  // A waiter that is called may wait again: only those of now are called.
  Waiter* waiting = waiters_;
  waiters_ = nullptr;
  if (waiting != nullptr) waiting->back_ = &waiting;
  while (waiting != nullptr) {
    Waiter& waiter = *waiting;
    forget(waiter);
    waiter.on_resolved();
  }
}

}  // namespace weir
