#include "proxy/http/access_line.h"

#include <algorithm>

#include "proxy/http/access_text.h"
#include "proxy/http/characters.h"
#include "proxy/http/head.h"

namespace weir {

namespace {

using std::chrono::system_clock;

constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
constexpr std::string_view kHiddenValue = "***";

// What the texts may take, once escaped. With names, numbers and punctuation (under 700 bytes)
// they fit into a line; a test fills them all.
constexpr std::size_t kIdBudget = 256;
constexpr std::size_t kNameBudget = 256;  // tenant, route, upstream
constexpr std::size_t kMethodBudget = 64;
constexpr std::size_t kPathBudget = 1024;
constexpr std::size_t kQueryBudget = 768;
constexpr std::size_t kWordBudget = 64;     // reason, filter, client
constexpr std::size_t kHeaderBudget = 512;  // referer, user agent

// Where a parameter's name begins and ends, in a path as in a query.
bool separates(char c) { return c == '?' || c == '&' || c == ';' || c == '/'; }

// A path or query without the values of parameters that sound like credentials.
void write_scrubbed(AccessText& out, std::string_view text, std::string_view hidden_parameter) {
  while (!text.empty()) {
    const auto end = static_cast<std::size_t>(std::ranges::find_if(text, separates) - text.begin());
    const std::string_view part = text.substr(0, end);
    const std::string_view name = part.substr(0, part.find('='));
    const bool hide =
        name.size() < part.size() &&
        (sounds_like_credential(name) || (!hidden_parameter.empty() && name == hidden_parameter));
    out.text(hide ? part.substr(0, name.size() + 1) : part);
    if (hide) out.text(kHiddenValue);
    if (end == text.size()) return;
    out.text(text.substr(end, 1));
    text.remove_prefix(end + 1);
  }
}

void write_target(AccessText& out, const AccessRecord& record) {
  out.budget(kPathBudget);
  if (record.hidden.empty()) {
    write_scrubbed(out, record.path, {});
  } else {
    const auto at = static_cast<std::size_t>(record.hidden.data() - record.path.data());
    write_scrubbed(out, record.path.substr(0, at), {});
    out.text(record.shown_as);
    write_scrubbed(out, record.path.substr(at + record.hidden.size()), {});
  }
  if (record.query.empty()) return;
  out.budget(kQueryBudget);
  out.text("?");
  write_scrubbed(out, record.query, record.hidden_parameter);
}

// Of a referer only where it came from: no user, no query, no fragment.
void write_referer(AccessText& out, const AccessRecord& record) {
  std::string_view text = record.referer.substr(0, record.referer.find_first_of("?#"));
  const std::size_t scheme = text.find("://");
  if (scheme != std::string_view::npos) {
    out.text(text.substr(0, scheme + 3));
    text.remove_prefix(scheme + 3);
  }
  const std::string_view authority = text.substr(0, text.find('/'));
  if (const std::size_t user = authority.rfind('@'); user != std::string_view::npos) {
    text.remove_prefix(user + 1);
  }
  write_scrubbed(out, text, {});
}

struct Moment {
  explicit Moment(system_clock::time_point time)
      : day(std::chrono::floor<std::chrono::days>(time)), clock(time - day) {}
  std::chrono::sys_days day;
  std::chrono::hh_mm_ss<system_clock::duration> clock;
  std::uint64_t hours() const { return static_cast<std::uint64_t>(clock.hours().count()); }
  std::uint64_t minutes() const { return static_cast<std::uint64_t>(clock.minutes().count()); }
  std::uint64_t seconds() const { return static_cast<std::uint64_t>(clock.seconds().count()); }
  std::uint64_t microseconds() const {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(clock.subseconds()).count());
  }
};

void write_clock(AccessText& out, const Moment& at) {
  out.number(at.hours(), 2);
  out.raw(":");
  out.number(at.minutes(), 2);
  out.raw(":");
  out.number(at.seconds(), 2);
}

// 2026-11-21T03:15:36.000001Z
void write_iso_time(AccessText& out, system_clock::time_point time) {
  const Moment at(time);
  const std::chrono::year_month_day date{at.day};
  out.number(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out.raw("-");
  out.number(static_cast<unsigned>(date.month()), 2);
  out.raw("-");
  out.number(static_cast<unsigned>(date.day()), 2);
  out.raw("T");
  write_clock(out, at);
  out.raw(".");
  out.number(at.microseconds(), 6);
  out.raw("Z");
}

// [21/Nov/2026:03:15:36 +0000]
void write_apache_time(AccessText& out, system_clock::time_point time) {
  const Moment at(time);
  const std::chrono::year_month_day date{at.day};
  out.raw("[");
  out.number(static_cast<unsigned>(date.day()), 2);
  out.raw("/");
  out.raw(kMonths.substr((static_cast<unsigned>(date.month()) - 1) * 3, 3));
  out.raw("/");
  out.number(static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out.raw(":");
  write_clock(out, at);
  out.raw(" +0000]");
}

class JsonLine {
 public:
  explicit JsonLine(AccessText& out) : out_(out) {}

  void text(std::string_view key, std::string_view value, std::size_t budget) {
    if (value.empty()) return;
    name(key);
    out_.raw("\"");
    out_.budget(budget);
    out_.text(value);
    out_.raw("\"");
  }
  void number(std::string_view key, std::uint64_t value) {
    name(key);
    out_.number(value);
  }
  // In seconds, to the microsecond.
  void seconds(std::string_view key, Duration value) {
    if (value < Duration{0}) return;
    name(key);
    const auto all = std::chrono::duration_cast<std::chrono::microseconds>(value).count();
    out_.number(static_cast<std::uint64_t>(all / 1'000'000));
    out_.raw(".");
    out_.number(static_cast<std::uint64_t>(all % 1'000'000), 6);
  }
  void yes(std::string_view key) {
    name(key);
    out_.raw("true");
  }
  void name(std::string_view key) {
    out_.raw(",\"");
    out_.raw(key);
    out_.raw("\":");
  }

 private:
  AccessText& out_;
};

// A field of the combined format: - where there is nothing.
void combined_text(AccessText& out, std::string_view value, std::size_t budget) {
  out.budget(budget);
  out.text(value.empty() ? "-" : value);
}

// What ends a line has room of its own.
constexpr std::string_view kTruncated = ",\"truncated\":true";
constexpr std::string_view kJsonEnd = "}\n";

std::string_view with_end(std::span<char> room, std::string_view written, std::string_view end) {
  std::copy(end.begin(), end.end(), room.data() + written.size());
  return {room.data(), written.size() + end.size()};
}

}  // namespace

std::string_view write_json_line(const AccessRecord& record, std::span<char, kMaxAccessLine> room) {
  constexpr std::size_t kEnd = kTruncated.size() + kJsonEnd.size();
  AccessText out(room.first(room.size() - kEnd), AccessText::Escape::json);
  JsonLine line(out);
  out.raw("{\"time\":\"");
  write_iso_time(out, record.time);
  out.raw("\"");
  line.text("request_id", record.request_id, kIdBudget);
  line.text("trace_id", record.trace_id, kWordBudget);
  line.text("client", record.client, kWordBudget);
  line.text("tenant", record.tenant, kNameBudget);
  line.text("route", record.route, kNameBudget);
  line.text("method", record.method, kMethodBudget);
  if (!record.path.empty()) {
    line.name("path");
    out.raw("\"");
    write_target(out, record);
    out.raw("\"");
  }
  line.number("status", record.status);
  line.text("tunnel", record.tunnel, kWordBudget);
  line.text("reason", record.reason, kWordBudget);
  line.text("filter", record.filter, kWordBudget + kWordBudget);
  line.number("bytes_received", record.received);
  line.number("bytes_sent", record.sent);
  line.seconds("queue", record.queue);
  line.seconds("upstream_time", record.upstream);
  line.seconds("overhead", record.overhead);
  line.seconds("total", record.total);
  line.number("attempts", record.attempts);
  line.text("upstream", record.service, kNameBudget);
  if (record.cut) line.yes("cut");
  if (!out.cut()) return with_end(room, out.written(), kJsonEnd);
  return with_end(room, with_end(room, out.written(), kTruncated), kJsonEnd);
}

std::string_view write_combined_line(const AccessRecord& record,
                                     std::span<char, kMaxAccessLine> room) {
  constexpr std::string_view kCut = " truncated\n";
  AccessText out(room.first(room.size() - kCut.size()), AccessText::Escape::apache);
  combined_text(out, record.client, kWordBudget);
  out.raw(" - ");
  // The place of the user is the tenant's; spaces would make it two fields.
  out.budget(kNameBudget);
  if (record.tenant.empty()) out.text("-");
  for (const char& c : record.tenant) out.text(c == ' ' ? "_" : std::string_view(&c, 1));
  out.raw(" ");
  write_apache_time(out, record.time);
  out.raw(" \"");
  combined_text(out, record.method, kMethodBudget);
  if (!record.method.empty()) {
    out.raw(" ");
    if (record.path.empty()) out.raw("-");
    write_target(out, record);
    out.raw(record.minor == 0 ? " HTTP/1.0" : " HTTP/1.1");
  }
  out.raw("\" ");
  if (record.status == 0) {
    out.raw("-");
  } else {
    out.number(record.status);
  }
  out.raw(" ");
  out.number(record.sent);
  out.raw(" \"");
  out.budget(kHeaderBudget);
  if (record.referer.empty()) out.text("-");
  write_referer(out, record);
  out.raw("\" \"");
  combined_text(out, record.user_agent, kHeaderBudget);
  out.raw("\"");
  return with_end(room, out.written(), out.cut() ? kCut : "\n");
}

std::string_view trace_id_of(std::string_view traceparent) {
  constexpr std::size_t kSize = 55, kIdAt = 3, kIdSize = 32;
  const auto hex = [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f'); };
  if (traceparent.size() < kSize || traceparent.starts_with("ff")) return {};
  // Later versions may have more behind it.
  if (traceparent.size() > kSize && (traceparent.starts_with("00") || traceparent[kSize] != '-')) {
    return {};
  }
  for (std::size_t i = 0; i < kSize; ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    if (dash ? traceparent[i] != '-' : !hex(traceparent[i])) return {};
  }
  const std::string_view id = traceparent.substr(kIdAt, kIdSize);
  return id.find_first_not_of('0') == std::string_view::npos ? std::string_view{} : id;
}

bool sounds_like_credential(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "token", "key", "secret", "pass", "pwd", "auth", "sig", "cred", "sess", "jwt", "code", "sid"};
  // A name that is itself encoded has something to hide.
  if (name.find('%') != std::string_view::npos) return true;
  return std::ranges::any_of(kWords, [name](std::string_view word) {
    return std::search(name.begin(), name.end(), word.begin(), word.end(),
                       [](char a, char b) { return to_lower(a) == b; }) != name.end();
  });
}

}  // namespace weir
