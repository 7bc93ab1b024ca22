// An answer that a filter makes by itself: a fallback, a replay, a page for maintenance.
//
// Shared and never changed once made, so that the filter can keep one for many requests and a
// request keeps it until the answer is written, whatever the filter does meanwhile. The data plane
// adds what every answer has (Date, Content-Length, x-request-id, Connection) and leaves the body
// out where HTTP has none (HEAD, 204, 304).
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weir {

struct LocalReply {
  std::uint16_t status = 200;  // 200 to 599
  std::string content_type;    // empty: no such field
  // Names and values; neither holds CR or LF, and none is a field that the data plane adds.
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
};

}  // namespace weir
