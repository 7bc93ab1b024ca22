#include "proxy/admin/pages.h"

#include <memory>
#include <utility>

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

AdminReply config(const PageSources& sources, const Query& query) {
  const auto format = query.find("format");
  if (format == query.end() || format->second == "json") return json(sources.config_json());
  if (format->second != "yaml") return problem(400, "format: json or yaml.");
  AdminReply reply = json(sources.config_yaml());
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
  return {
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
}

}  // namespace weir
