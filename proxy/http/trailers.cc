#include "proxy/http/trailers.h"

#include <algorithm>
#include <array>

#include "proxy/http/list.h"

namespace weir {

namespace {

// trailers;q=0 and the like: a weight of nothing but zeros.
bool weighs_nothing(std::string_view parameters) {
  const std::size_t q = parameters.find("q=");
  if (q == std::string_view::npos) return false;
  const std::string_view weight = trim_blanks(parameters.substr(q + 2));
  return !weight.empty() && weight.find_first_not_of("0.") == std::string_view::npos;
}

// Fields that must not come after the body that they would have framed, routed or authorised
// (RFC 9110 §6.5.1).
constexpr std::array<std::string_view, 34> kForbiddenTrailers = {"te",
                                                                 "age",
                                                                 "host",
                                                                 "date",
                                                                 "range",
                                                                 "cookie",
                                                                 "expect",
                                                                 "pragma",
                                                                 "trailer",
                                                                 "upgrade",
                                                                 "if-match",
                                                                 "location",
                                                                 "connection",
                                                                 "keep-alive",
                                                                 "set-cookie",
                                                                 "content-type",
                                                                 "forwarded",
                                                                 "max-forwards",
                                                                 "cache-control",
                                                                 "authorization",
                                                                 "content-range",
                                                                 "if-none-match",
                                                                 "content-length",
                                                                 "content-encoding",
                                                                 "proxy-connection",
                                                                 "transfer-encoding",
                                                                 "proxy-authorization",
                                                                 "via",
                                                                 "if-range",
                                                                 "x-request-id",
                                                                 "www-authenticate",
                                                                 "if-modified-since",
                                                                 "proxy-authenticate",
                                                                 "if-unmodified-since"};

}  // namespace

bool is_forbidden_trailer(std::string_view name) {
  for (const std::string_view forbidden : kForbiddenTrailers) {
    if (equals_ignoring_case(name, forbidden)) return true;
  }
  return name.size() > 1 && equals_ignoring_case(name.substr(0, 12), "x-forwarded-");
}

void Trailers::begin(BufferPool& pool, const Head& head) {
  release();
  pool_ = &pool;
  if (!head.has(FieldId::trailer) || connection_lists(head, "trailer")) return;
  for_each_item(head, FieldId::trailer, [&](std::string_view name) {
    if (connection_lists(head, name)) return;
    declared_.append(pool, name);
    declared_.append(pool, ",");
  });
}

void Trailers::release() {
  declared_.release();
  came_.release();
}

template <typename Each>
void Trailers::for_each(Each&& each) const {
  if (came_.empty()) return;
  std::string_view left = came_.view();
  while (!left.empty()) {
    const std::size_t end = left.find("\r\n");
    if (end == std::string_view::npos) return;  // not whole yet
    const std::string_view line = left.substr(0, end);
    const std::size_t colon = line.find(':');
    each(line.substr(0, colon), trim_blanks(line.substr(colon + 1)));
    left.remove_prefix(end + 2);
  }
}

bool Trailers::is_declared(std::string_view name) const {
  if (declared_.empty() || is_forbidden_trailer(name)) return false;
  bool found = false;
  for_each_item(declared_.view(),
                [&](std::string_view item) { found = found || equals_ignoring_case(item, name); });
  return found;
}

bool Trailers::any_of(std::span<const std::string> names) const {
  bool found = false;
  for_each([&](std::string_view name, std::string_view) {
    found = found || std::ranges::any_of(names, [name](const std::string& each) {
              return equals_ignoring_case(each, name);
            });
  });
  return found;
}

bool Trailers::any_to_write() const {
  bool any = false;
  for_each([&](std::string_view name, std::string_view) { any = any || is_declared(name); });
  return any;
}

void Trailers::write(HeadWriter& out) const {
  for_each([&](std::string_view name, std::string_view value) {
    if (is_declared(name)) out.add_field(name, value);
  });
}

bool takes_trailers_by_te(const Head& request) {
  bool takes = false;
  for (const FieldLine& line : request.fields) {
    if (line.id != FieldId::te) continue;
    for_each_item(request.text(line.value), [&takes](std::string_view item) {
      const std::size_t end = std::min(item.find(';'), item.size());
      takes = takes || (equals_ignoring_case(trim_blanks(item.substr(0, end)), "trailers") &&
                        !weighs_nothing(item.substr(end)));
    });
  }
  return takes;
}

}  // namespace weir
