#include "proxy/context/holder_counts.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "proxy/http/client_address.h"

namespace weir {
namespace {

std::string address(const std::string& text) {
  return std::string(ClientAddress::parse(text)->identity());
}

std::string numbered(unsigned n) {
  return address("10." + std::to_string(n >> 16) + "." + std::to_string(n >> 8 & 255) + "." +
                 std::to_string(n & 255));
}

TEST(HolderCounts, CountUpToTheMostAndAgainOnceOneIsGivenBack) {
  HolderCounts counts;
  const std::uint64_t first = counts.add(address("192.0.2.1"), 2);
  EXPECT_NE(first, 0U);
  EXPECT_NE(counts.add(address("192.0.2.1"), 2), 0U);
  EXPECT_EQ(counts.add(address("192.0.2.1"), 2), 0U);
  EXPECT_NE(counts.add(address("192.0.2.2"), 2), 0U) << "another client";
  counts.remove(first);
  EXPECT_NE(counts.add(address("192.0.2.1"), 2), 0U);
  EXPECT_EQ(counts.add(address("192.0.2.1"), 2), 0U);
}

TEST(HolderCounts, ASixtyFourthOfIpv6IsOneClient) {
  HolderCounts counts;
  EXPECT_NE(counts.add(address("2001:db8:0:1::1"), 1), 0U);
  EXPECT_EQ(counts.add(address("2001:db8:0:1:ffff::2"), 1), 0U);
  EXPECT_NE(counts.add(address("2001:db8:0:2::1"), 1), 0U);
}

TEST(HolderCounts, ASmallerMostRefusesUntilTheCountIsUnderIt) {
  HolderCounts counts;
  const std::uint64_t counted = counts.add(address("192.0.2.1"), 3);
  counts.add(address("192.0.2.1"), 3);
  EXPECT_EQ(counts.add(address("192.0.2.1"), 1), 0U);
  counts.remove(counted);
  EXPECT_EQ(counts.add(address("192.0.2.1"), 1), 0U);
  counts.remove(counted);
  EXPECT_NE(counts.add(address("192.0.2.1"), 1), 0U);
}

TEST(HolderCounts, TheTableGrowsWithTheClientsAndShrinksWithThem) {
  HolderCounts counts;
  std::vector<std::uint64_t> counted;
  for (unsigned i = 0; i < 10'000; ++i) counted.push_back(counts.add(numbered(i), 1));
  EXPECT_EQ(counts.places(), 32'768U);
  for (const std::uint64_t each : counted) counts.remove(each);
  EXPECT_EQ(counts.places(), 64U);
}

TEST(HolderCounts, AgreeWithAPlainMapWhateverComesAndGoes) {
  HolderCounts counts;
  std::mt19937 random(7);
  std::map<unsigned, std::vector<std::uint64_t>> held;
  for (int i = 0; i < 200'000; ++i) {
    // More clients at first, fewer later, so that the table is rebuilt both ways.
    const auto client = static_cast<unsigned>(random() % (i < 100'000 ? 2000U : 50U));
    auto& own = held[client];
    if (random() % 5 < (i / 20'000 % 2 == 0 ? 3U : 2U)) {
      const std::uint64_t counted = counts.add(numbered(client), 4);
      ASSERT_EQ(counted != 0, own.size() < 4);
      if (counted != 0) own.push_back(counted);
    } else if (!own.empty()) {
      counts.remove(own.back());
      own.pop_back();
    }
  }
  for (auto& [client, own] : held) {
    for (const std::uint64_t counted : own) counts.remove(counted);
    for (int i = 0; i < 4; ++i) EXPECT_NE(counts.add(numbered(client), 4), 0U);
    EXPECT_EQ(counts.add(numbered(client), 4), 0U);
  }
}

}  // namespace
}  // namespace weir
