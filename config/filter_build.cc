#include "config/filter_build.h"

#include <algorithm>

#include "config/units.h"
#include "config/wide.h"

namespace weir {
namespace {

// Sums of a time and a few windows must stay within 63 bits.
constexpr Wide kLongestWindow = Wide{1} << 61;

std::int64_t burst_of(const Value& map) {
  const Value& rate = map.get("rate");
  const Value* burst = map.find("burst");
  return burst != nullptr ? burst->number : default_burst(rate.number, rate.per);
}

}  // namespace

Key key_of(const Value& params) {
  Key key;
  const Value* value = params.find("key");
  if (value == nullptr) return key;
  for (const Value& item : value->items)
    if (const Result<Field> field = parse_field(item.text)) key.push_back(*field);
  return key;
}

std::int64_t default_burst(std::int64_t tokens, std::int64_t per) {
  constexpr std::int64_t kSecondInNanoseconds = 1'000'000'000;
  const auto in_a_second = static_cast<Wide>(tokens) * kSecondInNanoseconds / per;
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(in_a_second));
}

std::optional<Quota> quota_of(const Value& map, const std::string& policy) {
  const Value* rate = map.find("rate");
  if (rate == nullptr) return std::nullopt;
  Quota quota;
  quota.tokens = rate->number;
  quota.per = Duration{rate->per};
  quota.burst = burst_of(map);
  quota.period = std::max(quota.per / quota.tokens, Duration{1});
  quota.policy = policy;
  return quota;
}

std::string quota_trouble(const Value& map) {
  const Value* rate = map.find("rate");
  if (rate == nullptr || rate->bad || rate->number == 0) return {};
  const Value* burst = map.find("burst");
  if (burst != nullptr && burst->bad) return {};
  const Wide window = static_cast<Wide>(rate->per / rate->number) * burst_of(map);
  if (window <= kLongestWindow) return {};
  return "takes more than 73 years to come back at this rate: take a smaller burst";
}

std::string burst_surprise(const Value& map) {
  constexpr std::int64_t kSecondInNanoseconds = 1'000'000'000;
  const Value* rate = map.own("rate");
  if (rate == nullptr || rate->bad || map.has("burst")) return {};
  if (rate->number <= 1 || rate->per <= kSecondInNanoseconds) return {};
  const std::int64_t burst = burst_of(map);
  const auto period = rate->per / rate->number;
  return quoted(rate->text) + " without a burst lets " + std::to_string(burst) +
         (burst == 1 ? " request" : " requests") +
         " through at once, one second's worth, and one more every " + print_duration(period) +
         ": write burst: N for how many may come at once";
}

}  // namespace weir
