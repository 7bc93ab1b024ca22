#include "proxy/net/resolver.h"

#include <arpa/inet.h>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>

#include "proxy/clock/clock.h"
#include "proxy/log/log.h"

namespace weir {

void Resolver::open(uv_loop_t* loop, const Endpoint& endpoint) {
  loop_ = loop;
  endpoint_ = endpoint;
  request_.data = this;
  if (endpoint.kind == Endpoint::Kind::ip) use_literal();
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
  if (asking_) uv_cancel(reinterpret_cast<uv_req_t*>(&request_));
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
  if (asking_ || closed_) return;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  const std::string port = std::to_string(endpoint_.port);
  const int error = uv_getaddrinfo(
      loop_, &request_,
      [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
        static_cast<Resolver*>(request->data)->take_answer(status, found);
        uv_freeaddrinfo(found);
      },
      endpoint_.host.c_str(), port.c_str(), &hints);
  asking_ = error == 0;  // otherwise those who wait run into their timeout
}

void Resolver::take_answer(int status, const addrinfo* found) {
  asking_ = false;
  if (closed_) return;
  answered_ = read_clock();
  if (status == 0) {
    stale_ = false;
    addresses_.clear();
    first_ = 0;
    for (; found != nullptr; found = found->ai_next) {
      if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
      if (addresses_.size() == kMaxAddresses) break;
      sockaddr_storage address{};
      std::memcpy(&address, found->ai_addr, found->ai_addrlen);
      addresses_.push_back(address);
    }
  } else {
    log_warning("upstream.address: cannot resolve " + endpoint_.host + ": " + uv_strerror(status));
  }
  call_waiters();
}

void Resolver::call_waiters() {
  // Who is called may wait again: only those of now.
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
