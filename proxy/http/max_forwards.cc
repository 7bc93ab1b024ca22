#include "proxy/http/max_forwards.h"

#include <algorithm>
#include <charconv>

#include "proxy/http/access_line.h"

namespace weir {

namespace {

struct Call {
  HeadWriter& out;
  WriteScratch& body;
  const Head& request;
  std::string_view secret_field;
  const ReplyContext& context;
};

void answer_options(const Call& call) {
  write_allow(call.out, call.context.allow_trace);
  write_end_of_head(call.out, call.context);
}

bool may_be_shown(const Call& call, const FieldLine& line) {
  const std::string_view name = call.request.text(line.name);
  return line.id != FieldId::cookie && !sounds_like_credential(name) &&
         !equals_ignoring_case(name, call.secret_field);
}

// Byte for byte as the lines came. The target is shown too: whoever sent the request made it,
// while fields may have been added by a browser, or a proxy, that keeps them from the sender.
void write_shown_head(HeadWriter& out, const Call& call) {
  const Head& head = call.request;
  const std::uint32_t end = head.size - 2;  // of the last line
  const auto& fields = head.fields;
  const auto line_at = [&](std::size_t i) { return i < fields.size() ? fields[i].name.at : end; };
  out.add(head.text({head.method.at, line_at(0) - head.method.at}));
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!may_be_shown(call, fields[i])) continue;
    out.add(head.text({line_at(i), line_at(i + 1) - line_at(i)}));
  }
  out.add("\r\n");
}

void answer_trace(const Call& call) {
  HeadWriter shown(call.body);
  write_shown_head(shown, call);
  call.out.add("Content-Type: message/http\r\n");
  call.out.add_number_field("Content-Length: ", shown.text().size());
  write_end_of_head(call.out, call.context);
  call.out.add(shown.text());
}

struct Row {
  std::string_view method;
  std::uint16_t status;
  std::string_view phrase;
  void (*answer)(const Call&);  // what follows Date
};

constexpr Row kRows[] = {
    {"OPTIONS", 204, "No Content", answer_options},
    {"TRACE", 200, "OK", answer_trace},
};

const Row* find_row(const Head& request) {
  const Row* row = std::ranges::find(kRows, request.method_text(), &Row::method);
  return row != std::end(kRows) ? row : nullptr;
}

std::optional<std::uint32_t> read_hops(const Head& request, const FieldLine& line) {
  if (line.id != FieldId::max_forwards) return std::nullopt;
  const std::string_view value = request.text(line.value);
  std::uint32_t hops = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), hops);
  if (error != std::errc{} || end != value.data() + value.size()) return std::nullopt;
  return hops;
}

}  // namespace

bool is_counted(const Head& request) { return find_row(request) != nullptr; }

std::optional<std::uint32_t> hops_left(const Head& request, const FieldLine& line) {
  const std::optional<std::uint32_t> hops = read_hops(request, line);
  if (!hops || *hops == 0) return std::nullopt;
  return *hops - 1;
}

bool has_no_hops(const Head& request) {
  if (!is_counted(request)) return false;
  return std::ranges::any_of(request.fields,
                             [&](const FieldLine& line) { return read_hops(request, line) == 0U; });
}

std::uint16_t max_forwards_status(const Head& request) { return find_row(request)->status; }

void write_max_forwards_reply(HeadWriter& out, WriteScratch& body, const Head& request,
                              std::string_view secret_field, const ReplyContext& context) {
  const Row& row = *find_row(request);
  out.add("HTTP/1.1 ");
  out.add_number(row.status);
  out.add_all(" ", row.phrase, "\r\n");
  out.add_field("Date", context.date);
  row.answer({out, body, request, secret_field, context});
}

}  // namespace weir
