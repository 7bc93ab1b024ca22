#include "filters/gate.h"

#include <algorithm>
#include <array>

#include "filters/limiter.h"
#include "filters/request.h"

namespace weir {

Gate::Pass::Pass(Gate& gate) : gate_(gate) {
  gate_.lock_.lock();
  gate_.now_ = std::max(gate_.now_, gate_.read_(gate_.context_));
  ++gate_.pass_;
}

Gate::Pass::~Pass() {
  if (!gate_.to_serve_.empty()) gate_.serve_all();
  if (gate_.to_notify_.empty()) {
    gate_.lock_.unlock();
  } else {
    gate_.notify_all();
  }
}

// Opens the gate, and then tells the mailboxes: in portions, since the list is the gate's.
void Gate::notify_all() {
  std::array<Mailbox*, 16> portion;
  for (;;) {
    const std::size_t n = std::min(portion.size(), to_notify_.size());
    for (std::size_t i = 0; i < n; ++i) {
      portion[i] = to_notify_.back();
      portion[i]->told_ = false;
      to_notify_.pop_back();
    }
    const bool more = !to_notify_.empty();
    lock_.unlock();
    for (std::size_t i = 0; i < n; ++i) portion[i]->notify();
    if (!more) return;
    lock_.lock();
  }
}

void Gate::serve_later(WaitableResource& cause) {
  if (cause.to_be_served_) return;
  cause.to_be_served_ = true;
  to_serve_.push_back(&cause);
}

void Gate::serve_all() {
  // Serving one may ask for another.
  while (!to_serve_.empty()) {
    WaitableResource* cause = to_serve_.back();
    to_serve_.pop_back();
    cause->to_be_served_ = false;
    cause->serve(*this);
  }
}

void Mailbox::put(Request& request, Gate& gate) {
  if (!request.mailed_) {
    request.mailed_ = true;
    request.mail_previous_ = last_;
    request.mail_next_ = nullptr;
    (last_ != nullptr ? last_->mail_next_ : first_) = &request;
    last_ = &request;
  }
  if (!told_) {
    told_ = true;
    gate.to_notify_.push_back(this);
  }
}

Request* Mailbox::take() {
  Request* request = first_;
  if (request != nullptr) unlink(*request);
  return request;
}

void Mailbox::unlink(Request& request) {
  if (!request.mailed_) return;
  Mailbox& box = *request.mailbox;
  (request.mail_previous_ != nullptr ? request.mail_previous_->mail_next_ : box.first_) =
      request.mail_next_;
  (request.mail_next_ != nullptr ? request.mail_next_->mail_previous_ : box.last_) =
      request.mail_previous_;
  request.mail_next_ = request.mail_previous_ = nullptr;
  request.mailed_ = false;
}

}  // namespace weir
