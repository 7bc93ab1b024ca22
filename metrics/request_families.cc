// Requests by tenant: arrivals, ends, and what is between.

#include <algorithm>
#include <array>
#include <string>

#include "metrics/families.h"
#include "metrics/metrics_snapshot.h"

namespace weir {
namespace {

// Codes of the service that have their series from the start, since rate() does not see the first
// increment of a series that is born with it. Others appear with their first request.
constexpr std::array<std::uint16_t, 10> kServiceCodes = {200, 201, 204, 302, 304,
                                                         400, 401, 404, 500, 503};

Family by_tenant(Family family, const std::vector<std::string>& tenants,
                 const std::vector<std::uint64_t>& values) {
  family.reserve(tenants.size());
  for (std::size_t i = 0; i < tenants.size(); ++i) family.add({{"tenant", tenants[i]}}, values[i]);
  return family;
}

// `counted` plus a row of 0 for each code that is to be there from the start.
RequestCounts with_expected_codes(const ExpositionSources& sources, const RequestCounts& counted) {
  RequestCounts all;
  all.ended.reserve(counted.ended.size() +
                    sources.tenants.size() * (kServiceCodes.size() + sources.own_codes.size()));
  all.ended = counted.ended;
  for (std::uint32_t label = 0; label < sources.tenants.size(); ++label) {
    for (const std::uint16_t code : kServiceCodes) {
      all.ended.push_back({label, code, Source::service, 0});
    }
    for (const std::uint16_t code : sources.own_codes) {
      all.ended.push_back({label, code, Source::weir, 0});
    }
  }
  merge_ended(all);
  return all;
}

Family requests(const ExpositionSources& sources, const RequestCounts& counted) {
  Family family = Families::counter("weir_requests_total",
                                    "Requests that ended, by status code and source of the answer; "
                                    "499: the client disconnected before the head.");
  const RequestCounts all = with_expected_codes(sources, counted);
  family.reserve(all.ended.size());
  for (const auto& row : all.ended) {
    family.add({{"tenant", sources.tenants[row.label]},
                {"code", std::to_string(row.code)},
                {"source", to_string(row.source)}},
               row.count);
  }
  return family;
}

}  // namespace

void add_request_families(const ExpositionSources& sources, const MetricsSnapshot& reading,
                          Families& out) {
  const RequestCounts& ledger = reading.ledger;
  out.put(by_tenant(Families::counter("weir_arrivals_total", "Requests whose head was valid."),
                    sources.tenants, ledger.arrivals));
  out.put(requests(sources, ledger));
  out.put(by_tenant(
      Families::gauge("weir_requests_inside", "Requests that have arrived and not ended."),
      sources.tenants, ledger.inside));
}

}  // namespace weir
