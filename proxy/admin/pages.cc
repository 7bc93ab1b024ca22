#include "proxy/admin/pages.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <memory>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace weir {
namespace {

AdminReply json(std::string body) {
  AdminReply reply;
  reply.type = "application/json";
  reply.body = std::move(body);
  if (!reply.body.ends_with('\n')) reply.body += '\n';
  reply.compress = true;
  return reply;
}

AdminReply plain(unsigned status, std::string_view line) { return problem(status, line); }

AdminReply metrics(const PageSources& sources) {
  AdminReply reply;
  reply.type = sources.metrics_type;
  reply.body = sources.metrics();
  reply.compress = true;
  return reply;
}

std::string utc(ReloadStatus::Clock::time_point at) {
  const std::time_t seconds = ReloadStatus::Clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

boost::json::object to_json(const ReloadStatus& status) {
  boost::json::object out;
  out["result"] = status.last_successful ? "success" : "failure";
  out["trigger"] = status.trigger;
  out["at"] = utc(status.at);
  const auto list = [&](const char* name, const std::vector<std::string>& lines) {
    if (!lines.empty()) out[name] = boost::json::array(lines.begin(), lines.end());
  };
  list("changed", status.changed);
  list("warnings", status.warnings);
  list("errors", status.errors);
  return out;
}

// The last attempt to reload, as JSON's last key or as comments before the YAML; empty: none yet.
ReloadStatus last_reload(const PageSources& sources) {
  return sources.reload_status ? sources.reload_status() : ReloadStatus{};
}

std::string config_json(const PageSources& sources) {
  std::string text = sources.config_json();
  const ReloadStatus status = last_reload(sources);
  const std::size_t end = text.rfind('}');
  if (status.trigger.empty() || end == std::string::npos) return text;
  return text.substr(0, end) + ",\"last_reload\":" + boost::json::serialize(to_json(status)) + "}";
}

std::string config_yaml(const PageSources& sources) {
  const ReloadStatus status = last_reload(sources);
  if (status.trigger.empty()) return sources.config_yaml();
  std::string text = "# last reload (" + status.trigger + ", " + utc(status.at) +
                     (status.last_successful ? "): success\n" : "): failure\n");
  for (const auto* lines : {&status.errors, &status.warnings}) {
    for (std::string line : *lines) {
      std::ranges::replace(line, '\n', ' ');
      text += "#   " + line + "\n";
    }
  }
  return text + sources.config_yaml();
}

AdminReply reloaded(const ReloadOutcome& outcome) {
  if (outcome.status == 200) return json(boost::json::serialize(to_json(outcome.now)));
  std::string lines;
  for (const std::string& error : outcome.now.errors) {
    lines += (lines.empty() ? "" : "\n") + error;
  }
  return problem(outcome.status, lines);
}

AdminReply config(const PageSources& sources, const Query& query) {
  const auto format = query.find("format");
  if (format == query.end() || format->second == "json") return json(config_json(sources));
  if (format->second != "yaml") return problem(400, "format: json or yaml.");
  AdminReply reply = json(config_yaml(sources));
  reply.type = "application/yaml";
  return reply;
}

AdminReply version(const PageSources& sources) {
  return json("{\"version\":\"" + std::string(sources.version) + "\",\"revision\":\"" +
              std::string(sources.revision) + "\"}");
}

AdminReply drain(const PageSources& sources) {
  sources.drain();
  AdminReply reply = json("{\"draining\":true}");
  reply.status = 202;
  return reply;
}

}  // namespace

std::vector<Page> make_pages(PageSources sources) {
  const auto s = std::make_shared<const PageSources>(std::move(sources));
  std::vector<Page> pages = {
      {"/metrics", "the numbers, for Prometheus", false, [s](const Query&) { return metrics(*s); }},
      {"/live", "200 while the process works", false,
       [](const Query&) { return plain(200, "live"); }},
      {"/ready", "200 while weir takes requests; 503 from the drain on", false,
       [s](const Query&) { return s->ready() ? plain(200, "ready") : plain(503, "draining"); }},
      {"/config", "the configuration in force, every default filled in; ?format=yaml", false,
       [s](const Query& query) { return config(*s, query); }},
      {"/tenants", "quota, use and refusals of each tenant; ?limit=100&after=...", false,
       [s](const Query& query) { return s->tenants(query); }},
      {"/version", "version and revision", false, [s](const Query&) { return version(*s); }},
      {"/drain", "finish what is under way, take nothing new, end", true,
       [s](const Query&) { return drain(*s); }},
  };
  if (s->reload) {
    pages.push_back({"/reload", "read the configuration file again; says what is wrong with it",
                     true, nullptr, [s](const Query&, Page::Reply reply) {
                       s->reload([to = std::move(reply)](const ReloadOutcome& outcome) mutable {
                         std::exchange(to, nullptr)(reloaded(outcome));
                       });
                     }});
  }
  return pages;
}

}  // namespace weir
