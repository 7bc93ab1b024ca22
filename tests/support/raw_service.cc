#include "tests/support/raw_service.h"

#include <array>
#include <utility>

namespace weir::testing {

bool RawService::Connection::read_more() {
  std::array<char, 16384> block;
  Socket::Got got = socket_.read_some(block.data(), block.size(), milliseconds(3'600'000));
  std::string_view data(block.data(), got.bytes);
  unread_ += data;
  std::lock_guard lock(service_->mutex_);
  service_->received_[index_] += data;
  return got.status == Socket::Status::ok;
}

std::string RawService::Connection::read_until(std::string_view end) {
  std::size_t at;
  while ((at = unread_.find(end)) == std::string::npos) {
    if (!read_more()) return std::exchange(unread_, "");
  }
  std::string text = unread_.substr(0, at + end.size());
  unread_.erase(0, text.size());
  return text;
}

std::string RawService::Connection::read_exactly(std::size_t bytes) {
  while (unread_.size() < bytes && read_more()) {
  }
  std::string text = unread_.substr(0, bytes);
  unread_.erase(0, text.size());
  return text;
}

RawService::RawService(Script script, const Address& address)
    : script_(std::move(script)), listener_(address) {
  acceptor_ = std::thread([this] { accept_all(); });
}

RawService::~RawService() {
  listener_.stop();
  acceptor_.join();
  for (Connection& c : connections_) {
    {
      std::lock_guard lock(mutex_);
      c.socket_.stop();
    }
    c.thread_.join();
  }
}

void RawService::accept_all() {
  while (std::optional<Socket> socket = listener_.accept()) {
    Connection& c = connections_.emplace_back();
    c.service_ = this;
    c.socket_ = std::move(*socket);
    {
      std::lock_guard lock(mutex_);
      c.index_ = received_.size();
      received_.emplace_back();
    }
    c.thread_ = std::thread([this, &c] {
      script_(c);
      std::lock_guard lock(mutex_);
      c.socket_.close();
    });
  }
}

std::vector<std::string> RawService::received() const {
  std::lock_guard lock(mutex_);
  return received_;
}

std::string RawService::all_received() const {
  std::string all;
  for (const std::string& part : received()) all += part;
  return all;
}

}  // namespace weir::testing
