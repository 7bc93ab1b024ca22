#include "filters/key_table.h"

#include <random>
#include <unordered_map>
#include <vector>

#include <gtest/gtest.h>

namespace weir {
namespace {

using namespace std::chrono_literals;

struct Cell {
  int busy;
  Time idle_at() const { return busy == 0 ? Time{} : kNever; }
};
constexpr Time kNow{1h};

TEST(KeyTableTest, FindsWhatItHolds) {
  KeyTable<Cell> table(100);
  table.find_or_claim(42, kNow)->busy = 7;
  EXPECT_EQ(table.find_or_claim(42, kNow)->busy, 7);
  EXPECT_EQ(table.used(), 1u);
  EXPECT_NE(table.find(42), nullptr);
  EXPECT_EQ(table.find(43), nullptr);
}

TEST(KeyTableTest, ASlotThatIsTakenOverStartsFromZero) {
  KeyTable<Cell> table(1);
  Cell* cell = table.find_or_claim(1, kNow);
  cell->busy = 5;
  EXPECT_EQ(table.find_or_claim(2, kNow), nullptr);
  cell->busy = 0;
  table.idle_sooner(*cell);
  EXPECT_EQ(table.find_or_claim(2, kNow)->busy, 0);
  EXPECT_EQ(table.find(1), nullptr);
}

TEST(KeyTableTest, HashesAtTheEdgesHaveTheirPlace) {
  for (const std::size_t slots : {0U, 1U, 2U, 7U, 8U, 9U, 65'536U}) {
    KeyTable<Cell> table(slots);
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX,
                                     std::uint64_t{UINT32_MAX}, std::uint64_t{1} << 63}) {
      Cell* cell = table.find_or_claim(hash, kNow);
      ASSERT_NE(cell, nullptr);
      EXPECT_EQ(table.find(hash), cell);
    }
  }
}

// Against a map: what is busy is never lost, whatever else comes.
TEST(KeyTableTest, NeverForgetsWhatIsBusy) {
  KeyTable<Cell> table(256);
  std::mt19937_64 random(3);
  std::unordered_map<std::uint64_t, int> model;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t hash = (random() % 400 + 1) * 0x9e3779b97f4a7c15ULL;
    Cell* cell = table.find_or_claim(hash, kNow);
    const auto known = model.find(hash);
    if (known != model.end()) {
      ASSERT_NE(cell, nullptr);
      ASSERT_EQ(cell->busy, known->second);
    }
    if (cell == nullptr) {
      ASSERT_EQ(model.size(), 256U) << "a newcomer was turned away though a slot was idle";
      continue;
    }
    cell->busy = static_cast<int>(random() % 3);
    cell->busy != 0 ? static_cast<void>(model[hash] = cell->busy)
                    : static_cast<void>(model.erase(hash));
    if (cell->busy == 0) table.idle_sooner(*cell);
  }
}

// Two million made-up keys through a full table: whichever slot is idle, a newcomer gets it.
TEST(KeyTableTest, ANewcomerIsNeverTurnedAwayWhileASlotIsIdle) {
  struct Bucket {
    Time full_at;
    Time idle_at() const { return full_at; }
  };
  constexpr std::size_t kSlots = 65'536;
  KeyTable<Bucket> table(kSlots);
  std::mt19937_64 random(7);
  Time now = kNow;
  // One key each 20 us, idle again after 1 to 1.2 s: some 55,000 are busy at a time.
  for (int i = 0; i < 2'000'000; ++i) {
    now += 20us;
    Bucket* bucket = table.find_or_claim(random(), now);
    ASSERT_NE(bucket, nullptr) << i;
    bucket->full_at = now + 1s + Duration(random() % 200'000'000);
  }
  EXPECT_EQ(table.used(), kSlots);
}

TEST(KeyTableTest, WhatIsGivenBackIsFound) {
  KeyTable<Cell> table(1000);
  std::vector<Cell*> cells;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    cells.push_back(table.find_or_claim(i << 32, kNow));
    cells.back()->busy = 1;
  }
  EXPECT_EQ(table.find_or_claim(1, kNow), nullptr);
  cells[777]->busy = 0;
  table.idle_sooner(*cells[777]);
  EXPECT_EQ(table.find_or_claim(1, kNow), cells[777]);
  EXPECT_EQ(table.find(std::uint64_t{777} << 32), nullptr);
}

}  // namespace
}  // namespace weir
