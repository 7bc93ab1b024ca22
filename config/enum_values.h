// The words that stand for themselves in the configuration.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace weir {

inline constexpr std::array<std::string_view, 3> kUnknownWords = {"own", "shared", "refuse"};
inline constexpr std::array<std::string_view, 3> kAmbiguousWords = {"refuse", "forward_normalised",
                                                                    "by_raw"};
inline constexpr std::array<std::string_view, 1> kNoneWord = {"none"};
inline constexpr std::array<std::string_view, 3> kPriorityWords = {"low", "normal", "high"};
inline constexpr std::array<std::string_view, 2> kOrderWords = {"fifo", "lifo"};
inline constexpr std::array<std::string_view, 2> kOverflowWords = {"reject", "drop_oldest"};
inline constexpr std::array<std::string_view, 2> kJitterWords = {"full", "none"};
inline constexpr std::array<std::string_view, 3> kConditionWords = {"connect_failure", "reset",
                                                                    "timeout"};
inline constexpr std::array<std::string_view, 2> kLogFormatWords = {"json", "combined"};
inline constexpr std::int64_t kLeastStatus = 200;  // that a retry may be made on
inline constexpr std::int64_t kGreatestStatus = 599;

}  // namespace weir
