#include "config/tenant_addresses.h"

#include <array>
#include <map>
#include <string>
#include <utility>

namespace weir {
namespace {

class Ranges {
 public:
  explicit Ranges(Report& report) : report_(report) {}

  void check(const Value& entry, const Path& path) {
    if (const Value* addresses = entry.own("addresses")) {
      const Path list(path, "addresses");
      for (std::size_t i = 0; i < addresses->items.size(); ++i) {
        const Value& item = addresses->items[i];
        if (!item.bad) check(item.text, entry.name_at.line, item.at, Path(list, i));
      }
    } else if (parse_cidr(entry.name)) {
      check(entry.name, entry.name_at.line, entry.name_at, path);
    } else {
      report_.warning(entry.name_at, path,
                      "no request has this tenant: tenant.from is client_ip, and its name is no "
                      "address; add addresses: [10.0.0.0/8], say");
    }
  }

 private:
  void check(const std::string& text, int line, Position at, const Path& path) {
    const Cidr range = *parse_cidr(text);
    const auto [other, fresh] = lines_.emplace(std::pair(range.address, range.prefix), line);
    const std::string meant = to_string(range);
    if (!fresh)
      report_.error(at, path,
                    meant + " stands twice, first in line " + std::to_string(other->second));
    else if (text != meant && text + "/32" != meant && text + "/128" != meant)
      report_.warning(at, path, quoted(text) + " is read as " + meant);
  }

  std::map<std::pair<std::array<std::uint8_t, 16>, std::uint8_t>, int> lines_;
  Report& report_;
};

}  // namespace

std::vector<Cidr> ranges_of(const Value& entry) {
  std::vector<Cidr> ranges;
  const auto add = [&ranges](const std::string& text) {
    if (const auto range = parse_cidr(text)) ranges.push_back(*range);
  };
  if (const Value* addresses = entry.own("addresses")) {
    for (const Value& item : addresses->items) add(item.text);
  } else {
    add(entry.name);
  }
  return ranges;
}

void check_tenant_addresses(const Value& tenants, Report& report) {
  const Path root;
  const Path all(root, "tenants");
  Ranges ranges(report);
  for (const Value& entry : tenants.items) {
    if (!entry.bad && entry.name != "*") ranges.check(entry, Path(all, entry.name));
  }
}

}  // namespace weir
