#include "filters/siphash.h"

#include <bit>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace weir {
namespace {

constexpr std::array<std::uint64_t, 2> kKey = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

std::string counting(std::size_t length) {
  std::string text;
  for (std::size_t i = 0; i < length; ++i) text += static_cast<char>(i);
  return text;
}

// Outputs for the key 00 … 0f over the input 00 01 02 … of that length, in memory order; they agree
// with the vectors that Rust's core library tests its SipHash-1-3 with.
TEST(SipHashTest, GivesTheReferenceOutputs) {
  struct Vector {
    std::size_t length;
    std::uint64_t little_endian;
  };
  for (const Vector& v : {Vector{0, 0xabac0158050fc4dcULL}, Vector{1, 0xc9f49bf37d57ca93ULL},
                          Vector{2, 0x82cb9b024dc7d44dULL}, Vector{7, 0xd3927d989bb11140ULL},
                          Vector{8, 0x369095118d299a8eULL}, Vector{63, 0x9d199062b7bbb3a8ULL}}) {
    EXPECT_EQ(siphash(kKey, counting(v.length)), v.little_endian) << v.length;
  }
}

TEST(SipHashTest, EveryLengthAndEveryByteMatters) {
  std::set<std::uint64_t> seen;
  for (std::size_t length = 0; length <= 64; ++length) {
    std::string text = counting(length);
    EXPECT_TRUE(seen.insert(siphash(kKey, text)).second) << length;
    for (char& c : text) {
      c = static_cast<char>(c ^ 0x80);
      EXPECT_TRUE(seen.insert(siphash(kKey, text)).second) << length;
      c = static_cast<char>(c ^ 0x80);
    }
  }
}

TEST(SipHashTest, TheKeyDecides) {
  EXPECT_NE(siphash({1, 2}, "tenant"), siphash({2, 1}, "tenant"));
  EXPECT_NE(siphash({1, 2}, "tenant"), siphash({1, 3}, "tenant"));
}

TEST(SipHashTest, OneBitOfInputChangesHalfOfTheOutput) {
  int changed = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = std::to_string(i);
    std::string other = text;
    other.back() = static_cast<char>(other.back() ^ 1);
    changed += std::popcount(siphash(kKey, text) ^ siphash(kKey, other));
  }
  EXPECT_NEAR(changed / 1000.0, 32.0, 1.0);
}

}  // namespace
}  // namespace weir
