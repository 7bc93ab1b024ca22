#include "proxy/demo/load.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>

#include "proxy/clock/clock.h"

namespace weir::demo {
namespace {

struct Answer {
  int status = 0;
  std::size_t size = 0;  // head and body
  bool close = false;
};

bool contains_field(std::string_view head, std::string_view lower) {
  return std::search(head.begin(), head.end(), lower.begin(), lower.end(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == b;
         }) != head.end();
}

// An answer of weir's with a Content-Length, once it is there whole; status -1: something else.
std::optional<Answer> parse(std::string_view text) {
  std::size_t end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view head = text.substr(0, end + 2);
  Answer answer;
  constexpr std::string_view kLength = "\r\ncontent-length:";
  auto at =
      std::search(head.begin(), head.end(), kLength.begin(), kLength.end(),
                  [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; });
  if (!head.starts_with("HTTP/1.1 ") || at == head.end()) return Answer{-1, text.size(), true};
  const char* value = &*at + kLength.size();
  while (*value == ' ') ++value;
  std::size_t length = 0;
  std::from_chars(value, head.data() + head.size(), length);
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  answer.size = end + 4 + length;
  answer.close = contains_field(head, "\r\nconnection: close");
  if (text.size() < answer.size) return std::nullopt;
  return answer;
}

}  // namespace

Load::Load(const std::string& host, std::uint16_t port, std::vector<Stream> streams,
           std::uint64_t seed)
    : host_(host),
      port_(port),
      streams_(std::move(streams)),
      random_(seed),
      numbers_(streams_.size()),
      recent_(streams_.size()) {
  Time now = read_clock();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    texts_.push_back("GET / HTTP/1.1\r\nHost: demo\r\nUser-Agent: weir-demo\r\nx-tenant: " +
                     streams_[i].tenant + "\r\n\r\n");
    next_.push_back(now + gap(i));
  }
  loop_.set_timer(*std::ranges::min_element(next_));
  thread_ = std::thread(
      [this] { loop_.run([this](std::uint64_t id) { on_event(id); }, [this] { arrive(); }); });
}

Load::~Load() {
  loop_.stop();
  thread_.join();
}

void Load::finish() {
  std::lock_guard lock(mutex_);
  finishing_ = true;
}

std::size_t Load::under_way() const {
  std::lock_guard lock(mutex_);
  return under_way_;
}

std::vector<StreamNumbers> Load::stats() const {
  std::lock_guard lock(mutex_);
  return numbers_;
}

std::vector<Latencies> Load::take_latencies() {
  std::vector<Latencies> taken(streams_.size());
  std::lock_guard lock(mutex_);
  std::swap(taken, recent_);
  return taken;
}

// Between the arrivals of a Poisson stream: exponential.
Duration Load::gap(std::size_t stream) {
  std::exponential_distribution<double> seconds(streams_[stream].per_second);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds(random_)));
}

void Load::arrive() {
  {
    std::lock_guard lock(mutex_);
    if (finishing_) return;
  }
  Time now = read_clock();
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    while (next_[i] <= now) {
      dispatch({i, next_[i]});
      next_[i] += gap(i);
    }
  }
  loop_.set_timer(*std::ranges::min_element(next_));
}

void Load::dispatch(const Pending& request) {
  {
    std::lock_guard lock(mutex_);
    if (pending_.size() >= kMaxPending) {
      ++numbers_[request.stream].not_sent;
      return;
    }
    ++under_way_;
  }
  if (!idle_.empty()) {
    std::uint64_t id = idle_.back();
    idle_.pop_back();
    return send(id, request);
  }
  pending_.push_back(request);
  if (connections_.size() >= kMaxConnections) return;
  try {
    Descriptor socket = connect_to(host_, port_);
    std::uint64_t id = next_id_++;
    loop_.watch(socket.get(), id, true);
    connections_[id].socket = std::move(socket);
  } catch (const std::runtime_error&) {
    // It waits for one of the connections that there are.
  }
}

void Load::send(std::uint64_t id, const Pending& request) {
  Connection& c = connections_.at(id);
  c.busy = true;
  c.request = request;
  const std::string& text = texts_[request.stream];
  {
    std::lock_guard lock(mutex_);
    ++numbers_[request.stream].sent;
  }
  // A request of a hundred bytes on an idle connection goes at once, or the connection is broken.
  if (::send(c.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(text.size())) {
    drop(id);
  }
}

void Load::on_event(std::uint64_t id) {
  auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& c = found->second;
  if (!c.connecting) return on_readable(id, c);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(c.socket.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return drop(id);
  c.connecting = false;
  loop_.change(c.socket.get(), id, false);
  next_request(id);
}

void Load::on_readable(std::uint64_t id, Connection& c) {
  std::array<char, 16384> block;
  ssize_t n = ::recv(c.socket.get(), block.data(), block.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return drop(id);
  c.unread.append(block.data(), static_cast<std::size_t>(n));
  take_answer(id, c);
}

void Load::take_answer(std::uint64_t id, Connection& c) {
  std::optional<Answer> answer = parse(c.unread);
  if (!answer) return;
  if (answer->status < 0 || !c.busy) return drop(id);
  c.unread.erase(0, answer->size);
  c.busy = false;
  Duration latency = read_clock() - c.request.meant;
  {
    std::lock_guard lock(mutex_);
    StreamNumbers& numbers = numbers_[c.request.stream];
    ++numbers.answers[answer->status];
    if (answer->status < 400) {
      numbers.passed.add(latency);
      recent_[c.request.stream].add(latency);
    }
    --under_way_;
  }
  answer->close ? drop(id) : next_request(id);
}

void Load::next_request(std::uint64_t id) {
  if (pending_.empty()) {
    idle_.push_back(id);
    return;
  }
  Pending request = pending_.front();
  pending_.pop_front();
  send(id, request);
}

void Load::drop(std::uint64_t id) {
  auto found = connections_.find(id);
  Connection& c = found->second;
  bool refused = c.connecting;
  if (c.busy || (refused && !pending_.empty())) {
    std::size_t stream = c.busy ? c.request.stream : pending_.front().stream;
    if (!c.busy) pending_.pop_front();
    std::lock_guard lock(mutex_);
    ++numbers_[stream].failed;
    --under_way_;
  }
  std::erase(idle_, id);
  connections_.erase(found);
}

}  // namespace weir::demo
