#include "proxy/http/kept_record.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

struct Kept {
  std::string_view AccessRecord::*text;
  std::size_t most;
};
constexpr std::size_t kMostPath = 1025;
constexpr std::size_t kMostName = 1025;  // of the parameter whose value is hidden
constexpr std::array kTexts = {
    Kept{&AccessRecord::request_id, 257},
    Kept{&AccessRecord::trace_id, 65},
    Kept{&AccessRecord::tenant, 257},
    Kept{&AccessRecord::route, 257},
    Kept{&AccessRecord::method, 65},
    Kept{&AccessRecord::path, kMostPath},
    Kept{&AccessRecord::query, 769},
    Kept{&AccessRecord::shown_as, 257},
    Kept{&AccessRecord::referer, 513},
    Kept{&AccessRecord::user_agent, 513},
    Kept{&AccessRecord::client, 65},
    Kept{&AccessRecord::service, 257},
    Kept{&AccessRecord::hidden_parameter, kMostName},
};
static_assert([] {
  std::size_t sum = sizeof(AccessRecord);
  for (const Kept& each : kTexts) sum += each.most;
  return sum;
}() <= kMaxKeptRecord);

}  // namespace

KeptRecord::KeptRecord(const AccessRecord& record) : record_(record) {
  const auto hidden_at = static_cast<std::size_t>(
      record.hidden.empty() ? 0 : record.hidden.data() - record.path.data());
  // A part that is to be hidden is kept whole, or not at all.
  if (!record.hidden.empty() && hidden_at + record.hidden.size() > kMostPath) {
    record_.path = record.path.substr(0, hidden_at);
    record_.hidden = {};
  }
  if (record.hidden_parameter.size() > kMostName) record_.query = {};
  std::size_t size = 0;
  for (const Kept& each : kTexts) size += std::min((record_.*each.text).size(), each.most);
  texts_.reserve(size);  // so that it stays where it is
  for (const Kept& each : kTexts) {
    const std::size_t at = texts_.size();
    texts_ += (record_.*each.text).substr(0, each.most);
    record_.*each.text = std::string_view(texts_).substr(at);
  }
  if (!record_.hidden.empty())
    record_.hidden = record_.path.substr(hidden_at, record.hidden.size());
}

}  // namespace weir
