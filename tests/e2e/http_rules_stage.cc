#include "tests/e2e/http_rules_stage.h"

#include <algorithm>
#include <array>
#include <poll.h>

namespace weir::testing::rules {
namespace {

using Kind = Step::Kind;

constexpr milliseconds kBound{kSanitized ? 20'000 : 8'000};
// How long to go on waiting on one side when the other has said something: it will not come.
constexpr milliseconds kAfterwards{kSanitized ? 4'000 : 1'000};

const std::string kProbe = head("GET /probe HTTP/1.1", "Host: h");
const std::string kProbeReached = "GET /probe HTTP/1.1\r\n{rest}";
// The service closes, so that the next rule starts with a connection of its own.
const std::string kProbeAnswer =
    head("HTTP/1.1 203 Probed", "Connection: close", "Content-Length: 0");
const std::string kProbeTold = "HTTP/1.1 203 Probed\r\nContent-Length: 0\r\nDate: {date}\r\n{rest}";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

bool begins_request(const std::string& pattern) {
  return pattern.substr(0, pattern.find("\r\n")).ends_with(" HTTP/1.1");
}

}  // namespace

std::vector<Rules (*)()>& all_tables() {
  static std::vector<Rules (*)()> tables;
  return tables;
}

Stage::Stage(std::string config, bool with_upstream) : listener_(std::make_unique<Listener>()) {
  const std::string service = listener_->address().text();
  // No connection closes for being idle: one that a rule wants closed is closed for its reason.
  if (with_upstream) config += "upstream: {address: \"SERVICE\", idle_timeout: 1h}\n";
  // Given, so that its own Via means a loop.
  if (config.find("name: ") == std::string::npos) config += "name: weir\n";
  options_.config = replaced(std::move(config), "SERVICE", service);
  weir_ = std::make_unique<WeirProcess>(WEIR_BINARY, options_);
}

Stage::~Stage() = default;

std::string Stage::play(const Rule& rule) {
  std::string wrong;
  for (std::size_t i = 0; i < rule.steps.size() && wrong.empty(); ++i) {
    wrong = perform(rule.steps[i]);
    if (!wrong.empty()) wrong = "step " + std::to_string(i + 1) + ": " + wrong;
  }
  if (wrong.empty()) wrong = finish(rule);
  if (!wrong.empty()) wrong = report(wrong);
  forget();
  // What went wrong here must not spoil the next rule.
  if (!wrong.empty()) weir_ = std::make_unique<WeirProcess>(WEIR_BINARY, options_);
  return wrong;
}

std::string Stage::perform(const Step& step) {
  switch (step.kind) {
    case Kind::client_sends: send(client(step.client), step.text); return {};
    case Kind::client_gets: return client_gets(step);
    case Kind::client_sees_close:
    case Kind::client_sees_cut: return client_sees_end(step);
    case Kind::client_half_closes: client(step.client).socket.half_close(); return {};
    case Kind::client_leaves:
      client(step.client).socket.reset();
      client(step.client).left = true;
      return {};
    case Kind::service_gets: return service_gets(step);
    case Kind::service_sends:
      if (current_ == nullptr) return "the service got nothing, so it has nobody to answer";
      send(*current_, step.text);
      return {};
    case Kind::service_closes:
    case Kind::service_resets:
      if (current_ == nullptr) return "the service got nothing, so it has nothing to close";
      current_->left = true;
      if (step.kind == Kind::service_closes) {
        current_->socket.close();
      } else {
        current_->socket.reset();
      }
      return {};
    case Kind::service_sees_end: return service_sees_end();
    case Kind::service_gets_less: return {};  // seen to at the end
  }
  return "no such step";
}

std::string Stage::client_gets(const Step& step) {
  End& end = client(step.client);
  Match got;
  until(
      [&] {
        got = match(step.text, end.unread);
        return got.state != Match::State::partial || end.closed;
      },
      service_);
  if (got.state == Match::State::whole) {
    end.unread.erase(0, got.size);
    return {};
  }
  return "the client should have got\n" + readable(step.text) + "  but got (right up to byte " +
         std::to_string(got.size) + (end.closed ? ", then the end" : "") + ")\n" +
         readable(end.unread);
}

std::string Stage::client_sees_end(const Step& step) {
  End& end = client(step.client);
  until([&] { return end.closed || !end.unread.empty(); }, service_);
  if (!end.unread.empty()) return "the client got more:\n" + readable(end.unread);
  if (!end.closed) return "weir should have closed the client's connection";
  if (end.reset && step.kind == Kind::client_sees_close) {
    return "weir should have closed the client's connection properly, not reset it";
  }
  return {};
}

Stage::End* Stage::bringing(const std::string& pattern) {
  End* any = nullptr;
  for (const auto& end : service_) {
    if (end->unread.empty()) continue;
    if (any == nullptr) any = end.get();
    if (match(pattern, end->unread).state != Match::State::mismatch) return end.get();
  }
  return any;
}

std::string Stage::service_gets(const Step& step) {
  const bool anew = begins_request(step.text) || current_ == nullptr;
  Match got;
  End* end = nullptr;
  std::optional<Deadline> other;  // something else came; what should come may be on its way still
  until(
      [&] {
        end = anew ? bringing(step.text) : current_;
        if (end == nullptr) return false;
        got = match(step.text, end->unread);
        if (got.state != Match::State::mismatch)
          return got.state == Match::State::whole || end->closed;
        if (!other) other.emplace(kAfterwards / 4);
        return !anew || other->over();
      },
      clients_);
  if (end != nullptr && got.state == Match::State::whole) {
    end->unread.erase(0, got.size);
    current_ = end;
    return {};
  }
  const std::string should = "the service should have got\n" + readable(step.text);
  if (end == nullptr) return should + "  but got nothing";
  return should + "  but got (right up to byte " + std::to_string(got.size) +
         (end->closed ? ", then the end" : "") + ")\n" + readable(end->unread);
}

std::string Stage::service_sees_end() {
  if (current_ == nullptr) return "the service got nothing";
  until([&] { return current_->closed; }, {});
  return current_->closed ? "" : "weir should have closed the connection to the service";
}

std::string Stage::finish(const Rule& rule) {
  // The same connection, unless the rule ended it.
  End* end = clients_.empty() ? nullptr : clients_[0].get();
  const bool ended = std::ranges::any_of(rule.steps, [](const Step& step) {
    return step.client == 0 &&
           (step.kind == Kind::client_sees_close || step.kind == Kind::client_sees_cut ||
            step.kind == Kind::client_half_closes || step.kind == Kind::client_leaves);
  });
  const bool same = end != nullptr && !ended;
  if (std::string wrong = probe(end, same); !wrong.empty()) {
    return "a probe on " + std::string(same ? "the same" : "a new") + " connection: " + wrong;
  }
  if (std::string wrong = check_partial(rule); !wrong.empty()) return wrong;
  return check_strays(rule);
}

std::string Stage::probe(End*& end, bool same) {
  std::size_t index = 0;
  if (!same) {
    index = clients_.size();
    end = &client(index);
  }
  const Step steps[] = {client_sends(kProbe, index), rules::service_gets(kProbeReached),
                        service_sends(kProbeAnswer), rules::client_gets(kProbeTold, index)};
  for (const Step& step : steps) {
    if (std::string wrong = perform(step); !wrong.empty()) return wrong;
  }
  return service_sees_end();
}

// What may have reached the service in part.
std::string Stage::check_partial(const Rule& rule) {
  for (const Step& step : rule.steps) {
    if (step.kind != Kind::service_gets_less) continue;
    for (const auto& end : service_) {
      if (end->unread.empty()) continue;
      if (match(step.text, end->unread).state != Match::State::partial) {
        return "the service should have got nothing, or a part of\n" + readable(step.text) +
               "  but got\n" + readable(end->unread);
      }
      until([&] { return end->closed; }, {});
      if (!end->closed) return "weir left the service waiting for the rest of a request";
      if (match(step.text, end->unread).state != Match::State::partial) {
        return "the service got it whole in the end";
      }
      end->unread.clear();
    }
  }
  return {};
}

std::string Stage::check_strays(const Rule& /*rule*/) {
  pump(milliseconds(0));
  for (const auto& end : service_) {
    if (!end->unread.empty()) return "the service got more:\n" + readable(end->unread);
  }
  for (const auto& end : clients_) {
    if (!end->unread.empty()) return "a client got more:\n" + readable(end->unread);
  }
  return {};
}

Stage::End& Stage::client(std::size_t index) {
  while (clients_.size() <= index) {
    clients_.push_back(std::make_unique<End>());
    clients_.back()->socket = Socket::connect(weir_->address());
  }
  return *clients_[index];
}

// Goes on reading meanwhile. A peer that does not want it any more is no error here.
void Stage::send(End& end, const std::string& text) {
  std::string_view left = text;
  const Deadline deadline(kBound);
  while (!left.empty() && !deadline.over()) {
    const Socket::Got got = end.socket.write_some(left);
    if (got.status == Socket::Status::reset) return;
    left.remove_prefix(got.bytes);
    if (!left.empty()) pump(milliseconds(5));
  }
}

void Stage::read(End& end) {
  std::array<char, 65536> block;
  while (!end.closed && !end.left) {
    const Socket::Got got = end.socket.read_some(block.data(), block.size(), milliseconds(0));
    if (got.status == Socket::Status::timed_out) return;
    end.closed = got.status != Socket::Status::ok;
    end.reset = got.status == Socket::Status::reset;
    end.unread.append(block.data(), got.bytes);
    end.all.append(block.data(), got.bytes);
  }
}

void Stage::pump(milliseconds bound) {
  std::vector<pollfd> polled;
  const auto watch = [&polled](const std::vector<std::unique_ptr<End>>& ends) {
    for (const auto& end : ends) {
      if (!end->closed && !end->left) polled.push_back({end->socket.descriptor(), POLLIN, 0});
    }
  };
  watch(clients_);
  watch(service_);
  if (listener_) polled.push_back({listener_->descriptor(), POLLIN, 0});
  ::poll(polled.data(), polled.size(), static_cast<int>(bound.count()));
  while (listener_) {
    std::optional<Socket> socket = listener_->accept(milliseconds(0));
    if (!socket) break;
    service_.push_back(std::make_unique<End>());
    service_.back()->socket = std::move(*socket);
  }
  for (const auto& end : clients_) read(*end);
  for (const auto& end : service_) read(*end);
}

template <typename Done>
bool Stage::until(const Done& done, const std::vector<std::unique_ptr<End>>& others) {
  pump(milliseconds(0));
  Deadline deadline(kBound);
  std::optional<Deadline> afterwards;
  while (!done()) {
    if (deadline.over() || (afterwards && afterwards->over())) return false;
    pump(std::min(deadline.left(), afterwards ? afterwards->left() : milliseconds(100)));
    const bool said = std::ranges::any_of(
        others, [](const auto& end) { return end->closed || !end->unread.empty(); });
    if (said && !afterwards) afterwards.emplace(kAfterwards);
  }
  return true;
}

void Stage::forget() {
  clients_.clear();
  service_.clear();
  current_ = nullptr;
}

std::string Stage::report(const std::string& what) {
  std::string text = what;
  if (!weir_->process().running()) text += "\n  weir has ended: " + weir_->errors();
  const auto add = [&text](const char* whose, const std::vector<std::unique_ptr<End>>& ends) {
    for (std::size_t i = 0; i < ends.size(); ++i) {
      text += "\n  all that " + std::string(whose) + " " + std::to_string(i) + " got" +
              (ends[i]->reset    ? ", then a reset"
               : ends[i]->closed ? ", then the end"
                                 : "") +
              ":\n" + readable(ends[i]->all);
    }
  };
  add("client", clients_);
  add("the service's connection", service_);
  return text;
}

}  // namespace weir::testing::rules
