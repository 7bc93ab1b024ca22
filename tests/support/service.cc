#include "tests/support/service.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <stdexcept>
#include <sys/socket.h>

#include "tests/support/beast_stream.h"

namespace weir::testing {
namespace {

constexpr milliseconds kForever{3'600'000};
constexpr std::size_t kRemembered = 1'000;
constexpr std::size_t kRememberedBody = 1 << 20;

std::string hex(std::size_t n) {
  std::array<char, 20> text{};
  [[maybe_unused]] const int size = std::snprintf(text.data(), text.size(), "%zx", n);
  return text.data();
}

}  // namespace

struct Service::Connection {
  std::uint64_t number = 0;
  std::uint64_t requests = 0;
  Socket socket;
  std::thread thread;
  bool idle = true;   // guarded by Service::mutex_
  bool over = false;  // likewise
};

Service::Service(Handler handler, ServiceOptions options)
    : handler_(std::move(handler)), options_(std::move(options)), listener_(options_.address) {
  if (!handler_) handler_ = [](const ServiceRequest&) { return Reply{}; };
  acceptor_ = std::thread([this] { accept_all(); });
}

Service::~Service() { stop(); }

void Service::stop() {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    stopping_ = true;
  }
  listener_.stop();
  acceptor_.join();
  listener_.close();
  reap(true);
}

Service::Counts Service::counts() const {
  std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<ServiceRequest> Service::requests() const {
  std::lock_guard lock(mutex_);
  return requests_;
}

ServiceRequest Service::last_request() const {
  std::lock_guard lock(mutex_);
  if (requests_.empty()) throw std::out_of_range("the service saw no request");
  return requests_.back();
}

void Service::close_idle() {
  std::lock_guard lock(mutex_);
  for (auto& c : connections_) {
    if (c->idle && !c->over) c->socket.stop();
  }
}

void Service::accept_all() {
  while (std::optional<Socket> socket = listener_.accept()) {
    reap(false);
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (options_.receive_buffer > 0) {
      setsockopt(socket->descriptor(), SOL_SOCKET, SO_RCVBUF, &options_.receive_buffer,
                 sizeof options_.receive_buffer);
    }
    ++counts_.connections;
    ++counts_.open;
    auto& c = *connections_.emplace_back(std::make_unique<Connection>());
    c.number = counts_.connections;
    c.socket = std::move(*socket);
    c.thread = std::thread([this, &c] { serve(c); });
  }
}

// Joins the threads of connections that are over; `all`: ends the others before.
void Service::reap(bool all) {
  std::list<std::unique_ptr<Connection>> ended;
  {
    std::lock_guard lock(mutex_);
    for (auto i = connections_.begin(); i != connections_.end();) {
      auto next = std::next(i);
      if (all && !(*i)->over) (*i)->socket.stop();
      if (all || (*i)->over) ended.splice(ended.end(), connections_, i);
      i = next;
    }
  }
  for (auto& c : ended) c->thread.join();
}

void Service::serve(Connection& c) {
  beast::flat_buffer buffer;
  while (serve_one(c, &buffer)) {
  }
  std::lock_guard lock(mutex_);
  c.over = true;
  c.socket.close();
  --counts_.open;
}

// One request and its answer; false: the connection is to be closed.
bool Service::serve_one(Connection& c, void* buffer_pointer) {
  auto& buffer = *static_cast<beast::flat_buffer*>(buffer_pointer);
  BeastStream stream(c.socket, kForever);
  http::request_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  beast::error_code ec;
  http::read_header(stream, buffer, parser, ec);
  if (ec) {
    bool gone = ec == http::error::end_of_stream || ec == asio::error::connection_reset;
    std::lock_guard lock(mutex_);
    if (!gone && !stopping_) ++counts_.malformed;
    return false;
  }
  const auto& head = parser.get();
  ServiceRequest request;
  request.connection = c.number;
  request.on_connection = ++c.requests;
  request.method = std::string(head.method_string());
  request.target = std::string(head.target());
  request.version = head.version() == 11 ? "1.1" : "1.0";
  request.headers = copy_headers(head);
  request.chunked = parser.chunked();
  {
    std::lock_guard lock(mutex_);
    c.idle = false;
  }
  begun(request);
  if (options_.answer_early) {
    remember(request);
    if (!answer(c, request)) return false;
    if (parser.is_done()) return true;
    // Lingering: to close with bytes unread would reset the connection, and lose the answer.
    c.socket.half_close();
    c.socket.wait_for_close();
    return false;
  }
  if (options_.hold_bodies && !options_.hold_bodies->pass(c.socket)) {
    remember(request);
    ended(request, false, true);
    return false;
  }
  if (beast::iequals(head[http::field::expect], "100-continue")) {
    c.socket.write_all("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!parser.is_done()) http::read(stream, buffer, parser, ec);
  if (ec) {
    remember(request);
    ended(request, false, true);
    std::lock_guard lock(mutex_);
    bool gone = ec == http::error::partial_message || ec == asio::error::connection_reset;
    if (!gone) ++counts_.malformed;
    return false;
  }
  for (const auto& [name, value] : copy_headers(parser.get())) {
    if (!request.headers.find(name)) request.trailers.add(name, value);
  }
  bool keep_alive = parser.get().keep_alive();
  request.body = std::move(parser.get().body());
  remember(request);
  {
    std::lock_guard lock(mutex_);
    ++counts_.bodies;
    counts_.body_bytes += request.body.size();
  }
  if (!answer(c, request) || !keep_alive) return false;
  std::lock_guard lock(mutex_);
  c.idle = true;
  return !stopping_;
}

bool Service::answer(Connection& c, const ServiceRequest& request) {
  Reply reply = handler_(request);
  if (reply.hold && !reply.hold->pass(c.socket)) {
    ended(request, false, true);
    return false;
  }
  if (!reply.interim.empty()) c.socket.write_all(reply.interim, kForever);
  if (!reply.raw.empty()) {
    ended(request, true, false);
    c.socket.write_all(reply.raw, kForever);
    return finish(c, reply.then, true);
  }
  if (reply.status == 0) {
    ended(request, false, false);
    return finish(c, reply.then, false);
  }
  if (request.method == "HEAD" || reply.status == 204 || reply.status == 304) {
    std::string head = reply.head();
    ended(request, true, false);
    return c.socket.write_all(head, kForever).status == Socket::Status::ok &&
           finish(c, reply.then, true);
  }
  return write_body(c, request, reply, reply.head()) &&
         finish(c, reply.then, reply.framing != Reply::Framing::until_close);
}

// The head and the body, in one write, or two around hold_body. Counts the end before the last one.
bool Service::write_body(Connection& c, const ServiceRequest& request, const Reply& reply,
                         const std::string& head) {
  bool cut = reply.cut_at < reply.body.size();
  std::string body = cut ? reply.body.substr(0, reply.cut_at) : reply.body;
  bool chunked = reply.framing == Reply::Framing::chunked;
  auto framed = [&](const std::string& part) {
    if (!chunked) return part;
    return part.empty() ? part : hex(part.size()) + "\r\n" + part + "\r\n";
  };
  std::string out = head;
  if (reply.hold_body) {
    std::size_t at = std::min(reply.hold_at, body.size());
    out += framed(body.substr(0, at));
    bool sent = c.socket.write_all(out, kForever).status == Socket::Status::ok;
    if (!sent || !reply.hold_body->pass(c.socket)) {
      ended(request, false, true);
      return false;
    }
    body.erase(0, at);
    out.clear();
  }
  out += framed(body);
  if (chunked && !cut) {
    out += "0\r\n";
    for (const auto& [name, value] : reply.trailers) out += name + ": " + value + "\r\n";
    out += "\r\n";
  }
  // All but the last byte first, so that a long answer counts as inside while it flows.
  if (out.size() > 1 &&
      c.socket.write_all(std::string_view(out).substr(0, out.size() - 1), kForever).status !=
          Socket::Status::ok) {
    ended(request, false, true);
    return false;
  }
  ended(request, !cut, false);
  return out.empty() ||
         c.socket.write_all(std::string_view(out).substr(out.size() - 1), kForever).status ==
             Socket::Status::ok;
}

bool Service::finish(Connection& c, Reply::Then then, bool keep_alive) {
  switch (then) {
    case Reply::Then::keep_alive: return keep_alive;
    case Reply::Then::close: return false;
    case Reply::Then::reset: {
      std::lock_guard lock(mutex_);
      c.socket.reset();
      return false;
    }
    case Reply::Then::silence: c.socket.wait_for_close(kForever); return false;
  }
  return false;
}

namespace {

bool leaves(const ServiceRequest& request) { return request.headers.find("x-leaves").has_value(); }

}  // namespace

void Service::begun(ServiceRequest& request) {
  std::lock_guard lock(mutex_);
  request.number = ++counts_.begun;
  ++counts_.inside;
  counts_.max_inside = std::max(counts_.max_inside, counts_.inside);
  if (leaves(request)) return;
  counts_.max_staying = std::max(counts_.max_staying, ++counts_.staying);
}

void Service::ended(const ServiceRequest& request, bool answered, bool given_up) {
  std::lock_guard lock(mutex_);
  if (!leaves(request)) --counts_.staying;
  ++counts_.ended;
  --counts_.inside;
  counts_.answered += answered;
  counts_.given_up += given_up;
}

void Service::remember(const ServiceRequest& request) {
  std::lock_guard lock(mutex_);
  if (requests_.size() >= kRemembered) return;
  ServiceRequest& kept = requests_.emplace_back(request);
  if (kept.body.size() > kRememberedBody) kept.body.resize(kRememberedBody);
}

}  // namespace weir::testing
