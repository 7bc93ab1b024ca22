#include <algorithm>
#include <cctype>

#include "config/endpoint.h"
#include "config/rules.h"

namespace weir {
namespace {

struct Place {
  std::string path;
  const Value* value = nullptr;
  Endpoint endpoint;
};

std::optional<Place> place_of(const Value* map, std::string_view key, std::string path) {
  const Value* value = map == nullptr ? nullptr : map->find(key);
  if (value == nullptr || value->bad) return std::nullopt;
  const Result<Endpoint> endpoint = parse_endpoint(value->text, value->spec->use);
  if (!endpoint) return std::nullopt;
  return Place{std::move(path), value, *endpoint};
}

// Where to point for something that may be a default: at the key that the file has.
void complain(Report& report, const Place& a, const Place& b, const std::string& what) {
  report.error(b.value->at, b.path,
               quoted(b.value->text) + " " + what + " " + a.path + ", " + quoted(a.value->text));
}

void check_places(const Value& file, Report& report) {
  std::vector<Place> listeners;
  const auto add = [&](std::optional<Place> place) {
    if (!place) return;
    for (const Place& other : listeners)
      if (same_place(other.endpoint, place->endpoint)) {
        complain(report, other, *place, "is the same place as");
        return;
      }
    listeners.push_back(std::move(*place));
  };
  add(place_of(&file, "listen", "listen"));
  add(place_of(&file.get("admin"), "listen", "admin.listen"));
  add(place_of(file.find("telemetry"), "listen", "telemetry.listen"));
  const std::optional<Place> upstream =
      place_of(file.find("upstream"), "address", "upstream.address");
  if (!upstream) return;
  for (const Place& listener : listeners)
    if (same_place(listener.endpoint, upstream->endpoint))
      complain(report, listener, *upstream, "would make weir call itself: it is the place of");
}

void check_ranges(const Value& file, Report& report) {
  const Value& ranges = file.get("trusted_proxies");
  for (std::size_t i = 0; i < ranges.items.size(); ++i) {
    const Value& range = ranges.items[i];
    const Result<Cidr> cidr = parse_cidr(range.text);
    if (range.bad || !cidr) continue;
    const std::string path = "trusted_proxies[" + std::to_string(i) + "]";
    const std::string meant = to_string(*cidr);
    if (meant.ends_with("/0"))
      report.warning(range.at, path,
                     quoted(range.text) +
                         " believes everybody: any client can choose "
                         "the address that it seems to come from");
    else if (range.text.find('/') != std::string::npos &&
             range.text.substr(range.text.find('/')) == meant.substr(meant.find('/')) &&
             parse_cidr(range.text.substr(0, range.text.find('/')))->address != cidr->address)
      report.warning(range.at, path, quoted(range.text) + " means the whole range " + meant);
  }
}

// What would carry many requests through one tunnel, past every quota.
void check_upgrades(const Value& file, Report& report) {
  const Value* upgrades = file.find("upgrades");
  const Value* protocols = upgrades == nullptr ? nullptr : upgrades->find("protocols");
  if (protocols == nullptr) return;
  for (std::size_t i = 0; i < protocols->items.size(); ++i) {
    const Value& protocol = protocols->items[i];
    std::string name = protocol.text;
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    if (name != "h2c" && name != "h2" && name != "h3" && name != "http" && name != "tls") continue;
    report.error(protocol.at, "upgrades.protocols[" + std::to_string(i) + "]",
                 quoted(protocol.text) +
                     " is never let through: its tunnel would carry any number of requests past "
                     "every quota; take it off the list");
  }
}

}  // namespace

void check_file_rules(const Value& file, Report& report) {
  check_places(file, report);
  check_ranges(file, report);
  check_upgrades(file, report);
}

}  // namespace weir
