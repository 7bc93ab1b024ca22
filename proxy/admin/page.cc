#include "proxy/admin/page.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <utility>

namespace weir {
namespace {

std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const hex = text.data() + i + 1;
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%' && i + 2 < text.size() &&
               std::from_chars(hex, hex + 2, byte, 16).ptr == hex + 2) {
      out.push_back(static_cast<char>(byte));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

std::string_view without_port(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return end == std::string_view::npos ? std::string_view{} : authority.substr(0, end + 1);
  }
  return authority.substr(0, authority.find(':'));
}

// What follows the address: nothing, or :PORT.
bool names_a_port(std::string_view text) {
  return text.empty() || (text.starts_with(':') &&
                          text.find_first_not_of("0123456789", 1) == std::string_view::npos);
}

bool names_loopback(std::string_view authority) {
  const std::string_view name = without_port(authority);
  if (name == "localhost" || name == "[::1]") return names_a_port(authority.substr(name.size()));
  // An address, not a name such as 127.evil.example.
  return name.starts_with("127.") &&
         name.find_first_not_of("0123456789.") == std::string_view::npos;
}

// The peer's own way to say which server it means: a page of another name in a browser (DNS
// rebinding) has that name in its Host. An address cannot be rebound.
bool names_an_address(std::string_view authority) {
  const std::string_view name = without_port(authority);
  if (name.starts_with('[')) return names_a_port(authority.substr(name.size()));
  return !name.empty() && name.find_first_not_of("0123456789.") == std::string_view::npos;
}

AdminReply listing(const std::vector<Page>& pages, unsigned status, std::string_view first_line) {
  AdminReply reply;
  reply.status = status;
  reply.body = first_line;
  reply.body += '\n';
  for (const Page& page : pages) {
    std::string line = (page.changes ? "POST " : "GET  ") + page.path;
    line.resize(std::max<std::size_t>(line.size() + 2, 18), ' ');
    reply.body += line + page.about + '\n';
  }
  return reply;
}

AdminReply wrong_method(const Page& page) {
  AdminReply reply = problem(405, page.path + (page.changes ? " takes POST." : " takes GET."));
  reply.allow = page.changes ? "POST" : "GET, HEAD";
  return reply;
}

}  // namespace

Query parse_query(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::string_view pair = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(pair.size() + 1, text.size()));
    const std::size_t equals = pair.find('=');
    if (pair.empty()) continue;
    const std::string_view value =
        equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    query.emplace(percent_decoded(pair.substr(0, equals)), percent_decoded(value));
  }
  return query;
}

AdminReply problem(unsigned status, std::string_view detail) {
  AdminReply reply;
  reply.status = status;
  reply.body = detail;
  reply.body += '\n';
  return reply;
}

std::string_view why_not_answer(const AdminRequest& request) {
  // HTTP/1.0 clients and probes may send none; no browser does that.
  if (request.host.empty() || names_loopback(request.host) || names_an_address(request.host)) {
    return {};
  }
  return "The Host field must be an IP address or localhost: any other name could be made to lead "
         "here by a foreign web page. Ask by address, or by the telemetry listener.";
}

std::string_view why_not_change(const AdminRequest& request) {
  if (!request.from_loopback) return "Only a client on this host may change anything.";
  if (!names_loopback(request.host)) {
    return "The Host field must name the loopback: localhost, 127.0.0.1 or [::1].";
  }
  if (request.origin && *request.origin != "http://" + std::string(request.host)) {
    return "A web page of another origin may not change anything.";
  }
  if (request.fetch_site && *request.fetch_site != "same-origin" && *request.fetch_site != "none") {
    return "A web page of another site may not change anything.";
  }
  return {};
}

PageFinder find_among(std::vector<Page> pages) {
  return [pages = std::move(pages)](const AdminRequest& request, AdminReply& refusal) {
    return find_page(pages, request, refusal);
  };
}

PageFinder find_only(const std::vector<Page>& pages, const std::vector<std::string_view>& paths) {
  std::vector<Page> shown;
  for (const Page& page : pages) {
    if (!page.changes && std::ranges::find(paths, page.path) != paths.end()) shown.push_back(page);
  }
  return [shown = std::move(shown)](const AdminRequest& request, AdminReply& refusal) {
    const bool reads = request.method == "GET" || request.method == "HEAD";
    const auto page =
        std::ranges::find(shown, request.target.substr(0, request.target.find('?')), &Page::path);
    if (reads && page != shown.end()) return &*page;
    refusal = problem(404, "No such page.");
    return static_cast<const Page*>(nullptr);
  };
}

const Page* find_page(const std::vector<Page>& pages, const AdminRequest& request,
                      AdminReply& refusal) {
  if (const std::string_view why = why_not_answer(request); !why.empty()) {
    refusal = problem(403, why);
    return nullptr;
  }
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  const bool reads = request.method == "GET" || request.method == "HEAD";
  const auto page = std::ranges::find(pages, path, &Page::path);
  if (page == pages.end()) {
    refusal = path == "/" && reads ? listing(pages, 200, "weir's admin pages:")
                                   : listing(pages, 404, "No such page. There are:");
    return nullptr;
  }
  if (page->changes ? request.method != "POST" : !reads) {
    refusal = wrong_method(*page);
    return nullptr;
  }
  const std::string_view why = page->changes ? why_not_change(request) : std::string_view{};
  if (why.empty()) return &*page;
  refusal = problem(403, why);
  return nullptr;
}

Query query_of(const AdminRequest& request) {
  const std::size_t mark = request.target.find('?');
  return parse_query(mark == std::string_view::npos ? std::string_view{}
                                                    : request.target.substr(mark + 1));
}

AdminReply answer(const std::vector<Page>& pages, const AdminRequest& request) {
  AdminReply refusal;
  const Page* page = find_page(pages, request, refusal);
  return page != nullptr ? page->answer(query_of(request)) : refusal;
}

}  // namespace weir
