#include <algorithm>
#include <optional>

#include "config/route_match.h"
#include "config/rules.h"

namespace weir {
namespace {

std::string at_route(std::size_t i, std::string_view key = {}) {
  return "routes[" + std::to_string(i) + "]" + (key.empty() ? "" : "." + std::string(key));
}

bool is_pattern(std::string_view segment) {
  // /api/*  /users/:id  /users/{id}  /files/<path>  ^/v[12]/.*  ~ \.php$
  return segment.find_first_of("*{}<>^$|\\[]+") != std::string_view::npos ||
         segment.starts_with(':') || segment.starts_with("(?") || segment.ends_with('?');
}

// The segments before the first that looks like a pattern; nothing if none does.
std::optional<std::string> literal_part(std::string_view path) {
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin + 1), path.size());
    if (is_pattern(path.substr(begin + 1, end - begin - 1)))
      return begin == 0 ? "/" : std::string(path.substr(0, begin));
    begin = end;
  }
  return std::nullopt;
}

void warn_of_pattern(const Value& path, std::size_t i, Report& report) {
  const auto literal = literal_part(path.text);
  if (!literal) return;
  report.warning(path.at, at_route(i, "match." + path.name),
                 quoted(path.text) + " is taken literally, paths have no patterns: write " +
                     (*literal == "/" ? "match: {} for every path"
                                      : "path_prefix: " + *literal + " for all below it"));
}

// Values that can be matched but are probably meant as patterns.
void warn_of_patterns(const Value& match, std::size_t i, Report& report) {
  for (const std::string_view key : {"path", "path_prefix"})
    if (const Value* path = match.own(key); path != nullptr && !path->bad)
      warn_of_pattern(*path, i, report);
  if (const Value* method = match.own("method"))
    for (const Value& each : method->items)
      if (each.text.find('*') != std::string::npos)
        report.warning(
            each.at, at_route(i, "match.method"),
            quoted(each.text) + " is taken literally: leave method out for every method");
  if (const Value* header = match.own("header"))
    for (const Value& each : header->items)
      if (each.text.find('*') != std::string::npos || each.text.starts_with('^') ||
          each.text.starts_with('~'))
        report.warning(each.at, at_route(i, "match.header." + each.name),
                       quoted(each.text) + " is taken literally: values have no patterns");
}

void check_match(const Value& match, std::size_t i, Report& report) {
  const Value* path = match.own("path");
  const Value* prefix = match.own("path_prefix");
  if (path != nullptr && prefix != nullptr)
    report.error(match.at, at_route(i, "match"), "has both path and path_prefix: keep one of them");
  for (const Value* each : {path, prefix})
    if (each != nullptr && !each->bad && each->text.find('%') != std::string::npos)
      report.warning(each->at, at_route(i, "match." + each->name),
                     quoted(each->text) +
                         " is matched against decoded paths: write the characters "
                         "themselves, not their %XX");
  const Value* header = match.own("header");
  if (header == nullptr) return;
  for (std::size_t a = 0; a < header->items.size(); ++a)
    for (std::size_t b = 0; b < a; ++b)
      if (lower_case(header->items[a].name) == lower_case(header->items[b].name))
        report.error(header->items[a].name_at, at_route(i, "match.header." + header->items[a].name),
                     "stands twice: case makes no difference in field names");
}

// Routes that one before them leaves nothing for.
void check_reach(const Value& file, Report& report) {
  const Value& routes = file.get("routes");
  std::vector<RouteMatch> before;
  for (std::size_t i = 0; i < routes.items.size(); ++i) {
    const Value* match = routes.items[i].own("match");
    if (match == nullptr || match->bad) return;  // already an error
    RouteMatch own = match_of(*match);
    for (std::size_t j = 0; j < before.size(); ++j)
      if (covers(before[j], own)) {
        report.warning(routes.items[i].at, at_route(i),
                       "is never reached: " + at_route(j) + " (line " +
                           std::to_string(routes.items[j].at.line) + ") matches all that it does");
        break;
      }
    before.push_back(std::move(own));
  }
  const Value* chain = file.own("chain");
  for (std::size_t j = 0; chain != nullptr && j < before.size(); ++j)
    if (covers(before[j], RouteMatch{})) {
      report.warning(chain->name_at, "chain",
                     "is never reached: " + at_route(j) + " (line " +
                         std::to_string(routes.items[j].at.line) + ") matches every request");
      break;
    }
}

void check_unused(const Value& file, const Plan& plan, Report& report) {
  const Path root;
  for (const PlannedChain& chain : plan.chains)
    if (!chain.used)
      report.error(
          chain.at, chain.path,
          "no route leads here: name it in a route, as chain: " + chain.name + ", or take it out");
  const Path section(root, "shared");
  for (const std::string& name : plan.unused_shared) {
    const Value* shared = file.get("shared").own(name);
    report.error(shared->name_at, Path(section, name),
                 "no chain has it: name it in one, as - shared: " + name + ", or take it out");
  }
}

}  // namespace

void check_route_rules(const Value& file, const Plan& plan, Report& report) {
  const Value& routes = file.get("routes");
  for (std::size_t i = 0; i < routes.items.size(); ++i) {
    const Value* match = routes.items[i].own("match");
    if (match == nullptr || match->bad) continue;
    check_match(*match, i, report);
    warn_of_patterns(*match, i, report);
  }
  check_reach(file, report);
  check_unused(file, plan, report);
}

}  // namespace weir
