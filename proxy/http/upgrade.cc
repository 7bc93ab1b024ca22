#include "proxy/http/upgrade.h"

#include <algorithm>
#include <utility>

#include "proxy/http/list.h"

namespace weir {

namespace {

// "foo" of "foo/1.2".
std::string_view name_of(std::string_view protocol) {
  return protocol.substr(0, protocol.find('/'));
}

bool is_allowed(std::string_view protocol, Protocols allowed) {
  return std::ranges::any_of(allowed, [name = name_of(protocol)](const std::string& each) {
    return equals_ignoring_case(each, name);
  });
}

bool offers(const Head& request, std::string_view protocol) {
  bool found = false;
  for_each_item(request, FieldId::upgrade, [&](std::string_view offered) {
    found = found || equals_ignoring_case(name_of(offered), name_of(protocol));
  });
  return found;
}

}  // namespace

bool offers_allowed(const Head& request, Protocols allowed) {
  if (allowed.empty() || request.minor == 0) return false;
  if (!connection_lists(request, "upgrade")) return false;
  bool any = false;
  for_each_item(request, FieldId::upgrade,
                [&](std::string_view protocol) { any = any || is_allowed(protocol, allowed); });
  return any;
}

void write_offered(HeadWriter& out, const Head& request, Protocols allowed) {
  std::string_view before = "Upgrade: ";
  for_each_item(request, FieldId::upgrade, [&](std::string_view protocol) {
    if (!is_allowed(protocol, allowed)) return;
    out.add(std::exchange(before, ", "));
    out.add(protocol);
  });
  out.add("\r\n");
}

bool switches_as_asked(const Head& request, const Head& response, Protocols allowed) {
  if (response.minor == 0 || !connection_lists(response, "upgrade")) return false;
  bool any = false;
  bool asked = true;
  for_each_item(response, FieldId::upgrade, [&](std::string_view protocol) {
    any = true;
    asked = asked && is_allowed(protocol, allowed) && offers(request, protocol);
  });
  return any && asked;
}

bool switches_to_websocket(const Head& response) {
  return equals_ignoring_case(name_of(response.value(FieldId::upgrade)), "websocket");
}

}  // namespace weir
