// What the admin plane serves, without a word of HTTP machinery: a table of pages, each a function
// from a question to an answer. admin_server.h serves such a table.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// The parameters of a query, percent-decoded; of repeated ones the first counts.
using Query = std::map<std::string, std::string, std::less<>>;
Query parse_query(std::string_view text);

struct AdminReply {
  unsigned status = 200;
  std::string type = "text/plain; charset=utf-8";
  std::string body;
  bool compress = false;   // worth it, if the client takes gzip
  std::string allow = {};  // 405: the methods that there are
};

struct Page {
  std::string path;
  std::string about;     // one line for the listing
  bool changes = false;  // POST from the loopback only, against GET and HEAD from anywhere
  std::function<AdminReply(const Query&)> answer;  // called on the admin plane's thread
  // Instead of `answer`: one that takes its time, and calls back once, on any thread.
  using Reply = std::function<void(AdminReply)>;
  std::function<void(const Query&, Reply)> answer_later = nullptr;
};

// A question as it came, as far as the decision who may ask what needs it.
struct AdminRequest {
  std::string_view method;
  std::string_view target;                     // /path?query
  std::string_view host;                       // the Host field
  std::optional<std::string_view> origin;      // the Origin field
  std::optional<std::string_view> fetch_site;  // Sec-Fetch-Site
  bool from_loopback = false;
};

// The page that the request is for, if it may ask it; null: `refusal` is the answer.
const Page* find_page(const std::vector<Page>& pages, const AdminRequest& request,
                      AdminReply& refusal);
Query query_of(const AdminRequest& request);

// Finds the page and asks it; everything else (404, 405, 403, the listing under /) is made here.
AdminReply answer(const std::vector<Page>& pages, const AdminRequest& request);

// Why a request may not change anything; empty: it may. It must come from the loopback, to a Host
// that names it (else a name that was rebound to 127.0.0.1 could carry a web page here), and not
// from a web page of another origin (which a browser's fields tell).
std::string_view why_not_change(const AdminRequest& request);

// Why a request is not answered at all, by its Host; empty: it is. Not for the telemetry listener,
// which tells nothing that a web page must not read.
std::string_view why_not_answer(const AdminRequest& request);

// How a server finds the page that a request is for: as find_page does. What it finds is there as
// long as the finder.
using PageFinder = std::function<const Page*(const AdminRequest&, AdminReply& refusal)>;
PageFinder find_among(std::vector<Page> pages);

// Of a listener that can change nothing and tells of nothing else: the pages of `paths`, to GET and
// HEAD; 404 to whatever else there may be.
PageFinder find_only(const std::vector<Page>& pages, const std::vector<std::string_view>& paths);

AdminReply problem(unsigned status, std::string_view detail);

}  // namespace weir
