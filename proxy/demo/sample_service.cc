#include "proxy/demo/sample_service.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>

#include "config/endpoint.h"
#include "config/units.h"
#include "proxy/clock/clock.h"

namespace weir::demo {
namespace {

constexpr std::uint64_t kListening = 2;

// The value of a field in a head that weir wrote; empty if it is not there.
std::string field(std::string_view head, std::string_view name) {
  auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  std::string wanted = "\r\n" + std::string(name) + ":";
  auto at = std::search(head.begin(), head.end(), wanted.begin(), wanted.end(), same);
  if (at == head.end()) return {};
  std::string_view rest = head.substr(static_cast<std::size_t>(at - head.begin()) + wanted.size());
  rest = rest.substr(0, rest.find("\r\n"));
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  return std::string(rest);
}

}  // namespace

SampleService::SampleService(const SampleOptions& options) : options_(options) {
  const Result<Endpoint> endpoint = parse_endpoint(options.listen, EndpointUse::listen);
  if (!endpoint) throw std::runtime_error("--listen: " + endpoint.error);
  const std::string error = listener_.open(*endpoint, "--listen");
  if (!error.empty()) throw std::runtime_error(error);
  loop_.watch(listener_.descriptor(), kListening);
  thread_ = std::thread([this] {
    loop_.run([this](std::uint64_t tag) { tag == kListening ? accept_all() : read(tag); },
              [this] { finish_jobs(); });
  });
}

SampleService::~SampleService() {
  loop_.stop();
  thread_.join();
}

SampleService::Numbers SampleService::stats() const {
  std::lock_guard lock(mutex_);
  return numbers_;
}

void SampleService::accept_all() {
  for (;;) {
    Descriptor socket(
        ::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!socket.open()) return;
    if (connections_.size() >= kMaxClients || line_.size() >= kMaxLine) continue;
    int on = 1;
    ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    std::uint64_t id = next_id_++;
    loop_.watch(socket.get(), id);
    connections_[id].socket = std::move(socket);
  }
}

void SampleService::read(std::uint64_t id) {
  auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& c = found->second;
  std::array<char, 16384> block;
  for (;;) {
    ssize_t n = ::recv(c.socket.get(), block.data(), block.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) break;
    // What it asked for is worked off all the same if it leaves: a service seldom notices.
    if (n <= 0 || c.unread.size() > kMaxUnread) {
      connections_.erase(found);
      return;
    }
    if (!c.close_after) c.unread.append(block.data(), static_cast<std::size_t>(n));
    if (!c.waiting && take_request(c)) enqueue(id);
  }
}

// True once a request is there whole.
bool SampleService::take_request(Connection& c) {
  if (!c.reading_body) {
    std::size_t end = c.unread.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    std::string_view head = std::string_view(c.unread).substr(0, end + 2);
    c.head_only = head.starts_with("HEAD ");
    c.close_after = !field(head, "transfer-encoding").empty();
    c.body_left = std::strtoul(field(head, "content-length").c_str(), nullptr, 10);
    c.reading_body = true;
    c.unread.erase(0, end + 4);
  }
  std::size_t part = std::min(c.body_left, c.unread.size());
  c.unread.erase(0, part);
  c.body_left -= part;
  if (c.body_left > 0) return false;
  c.reading_body = false;
  if (c.close_after) c.unread.clear();
  return true;
}

void SampleService::enqueue(std::uint64_t id) {
  connections_[id].waiting = true;
  line_.push_back(id);
  start_jobs(read_clock());
}

void SampleService::start_jobs(Time now) {
  while (!line_.empty() && in_service_.size() < static_cast<std::size_t>(options_.places)) {
    in_service_.push_back({line_.front(), now + options_.service_time});
    line_.pop_front();
  }
  loop_.set_timer(in_service_.empty() ? kNever : in_service_.front().due);
  std::lock_guard lock(mutex_);
  numbers_.busy = static_cast<int>(in_service_.size());
  numbers_.most_busy = std::max(numbers_.most_busy, numbers_.busy);
  numbers_.waiting = line_.size();
  numbers_.most_waiting = std::max(numbers_.most_waiting, numbers_.waiting);
}

void SampleService::finish_jobs() {
  Time now = read_clock();
  std::uint64_t finished = 0;
  std::deque<std::uint64_t> done;
  while (!in_service_.empty() && in_service_.front().due <= now) {
    Job job = in_service_.front();
    in_service_.pop_front();
    done.push_back(job.connection);
    ++finished;
    if (line_.empty()) continue;
    // It takes the place when that was free, not when this thread was told: the capacity is exact.
    in_service_.push_back({line_.front(), job.due + options_.service_time});
    line_.pop_front();
  }
  {
    std::lock_guard lock(mutex_);
    numbers_.served += finished;
    numbers_.worked += options_.service_time * static_cast<std::int64_t>(finished);
  }
  start_jobs(now);
  for (std::uint64_t id : done) answer(id);
}

void SampleService::answer(std::uint64_t id) {
  auto found = connections_.find(id);
  if (found == connections_.end()) return;
  Connection& c = found->second;
  const bool fails =
      options_.fail_every > 0 && ++answered_ % static_cast<std::uint64_t>(options_.fail_every) == 0;
  std::string body =
      (fails ? "Failed after " : "Served in ") + print_duration(options_.service_time.count()) +
      " by the sample service, together with " + std::to_string(in_service_.size()) + " others.\n";
  std::string text = (fails ? "HTTP/1.1 503 Service Unavailable" : "HTTP/1.1 200 OK") +
                     std::string("\r\nContent-Type: text/plain\r\nContent-Length: ") +
                     std::to_string(body.size()) + "\r\n" +
                     (c.close_after ? "Connection: close\r\n\r\n" : "\r\n");
  if (!c.head_only) text += body;
  // A few hundred bytes on an idle connection always go at once; if not, somebody plays tricks.
  bool sent = ::send(c.socket.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
              static_cast<ssize_t>(text.size());
  c.waiting = false;
  if (!sent) {
    connections_.erase(found);
  } else if (c.close_after) {
    ::shutdown(c.socket.get(), SHUT_WR);  // closed when the other side has closed
  } else if (take_request(c)) {
    enqueue(id);
  }
}

}  // namespace weir::demo
