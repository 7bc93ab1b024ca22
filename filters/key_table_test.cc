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
struct Bucket {
  Time full_at;
  Time idle_at() const { return full_at; }
};
constexpr Time kNow{1h};

// As KeyedStates does it: the key's cell, or a new one.
template <typename Table>
auto* cell(Table& table, std::uint64_t hash, std::uint64_t client = 0, Time now = kNow) {
  auto* found = table.find(hash);
  return found != nullptr ? found : table.claim(hash, client, now).cell;
}

TEST(KeyTableTest, FindsWhatItHolds) {
  KeyTable<Cell> table(100);
  cell(table, 42)->busy = 7;
  EXPECT_EQ(cell(table, 42)->busy, 7);
  EXPECT_EQ(table.used(), 1u);
  EXPECT_NE(table.find(42), nullptr);
  EXPECT_EQ(table.find(43), nullptr);
}

TEST(KeyTableTest, ASlotThatIsTakenOverStartsFromZero) {
  KeyTable<Cell> table(1);
  Cell* first = cell(table, 1);
  first->busy = 5;
  EXPECT_EQ(cell(table, 2), nullptr);
  first->busy = 0;
  table.idle_sooner(*first);
  EXPECT_EQ(cell(table, 2)->busy, 0);
  EXPECT_EQ(table.find(1), nullptr);
}

TEST(KeyTableTest, HashesAtTheEdgesHaveTheirPlace) {
  for (const std::size_t slots : {0U, 1U, 2U, 7U, 8U, 9U, 63U, 64U, 65U, 65'536U}) {
    KeyTable<Cell> table(slots);
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX,
                                     std::uint64_t{UINT32_MAX}, std::uint64_t{1} << 63}) {
      Cell* found = cell(table, hash);
      ASSERT_NE(found, nullptr);
      EXPECT_EQ(table.find(hash), found);
    }
  }
}

// Against a map: a busy cell is never lost, and a new key finds a slot unless all are busy.
TEST(KeyTableTest, NeverForgetsWhatIsBusy) {
  constexpr std::size_t kSlots = 256;
  KeyTable<Cell> table(kSlots);
  std::mt19937_64 random(3);
  std::unordered_map<std::uint64_t, int> model;
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t hash = (random() % 400 + 1) * 0x9e3779b97f4a7c15ULL;
    Cell* found = cell(table, hash, random());
    const auto known = model.find(hash);
    if (known != model.end()) {
      ASSERT_NE(found, nullptr);
      ASSERT_EQ(found->busy, known->second);
    }
    if (found == nullptr) {
      ASSERT_EQ(model.size(), kSlots) << "a new key was turned away though a slot was idle";
      continue;
    }
    found->busy = random() % 8 < 3 ? 1 + static_cast<int>(random() % 3) : 0;
    if (found->busy != 0) {
      model[hash] = found->busy;
    } else {
      model.erase(hash);
      table.idle_sooner(*found);
    }
  }
}

// Ten million made-up keys through a table of 65,536, of which one client has 60,000 busy at a
// time: each gets a slot, and no more memory is touched than the slots.
TEST(KeyTableTest, ANewKeyIsNeverTurnedAwayWhileASlotIsIdle) {
  constexpr std::size_t kSlots = 65'536;
  KeyTable<Bucket> table(kSlots);
  std::mt19937_64 random(7);
  Time now = kNow;
  // One key each 20 us, full again after 1.15 to 1.25 s.
  for (int i = 0; i < 10'000'000; ++i) {
    now += 20us;
    Bucket* bucket = table.claim(random(), 1, now).cell;
    ASSERT_NE(bucket, nullptr) << i;
    bucket->full_at = now + 1150ms + Duration(random() % 100'000'000);
  }
  EXPECT_LE(table.used(), kSlots);
}

TEST(KeyTableTest, ALateChargeMovesTheTimeAtWhichASlotIsIdle) {
  KeyTable<Bucket> table(1);
  Bucket* bucket = cell(table, 1);
  bucket->full_at = kNow + 1s;
  EXPECT_EQ(table.claim(2, 0, kNow).cell, nullptr);
  bucket->full_at = kNow + 3s;  // charged again: the table is not told
  EXPECT_EQ(table.claim(2, 0, kNow + 2s).cell, nullptr);
  EXPECT_NE(table.claim(2, 0, kNow + 3s).cell, nullptr);
}

TEST(KeyTableTest, WhatIsGivenBackIsFound) {
  KeyTable<Cell> table(1000);
  std::vector<Cell*> cells;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    cells.push_back(cell(table, i << 32, i));
    ASSERT_NE(cells.back(), nullptr);
    cells.back()->busy = 1;
  }
  EXPECT_EQ(cell(table, 1, 2000), nullptr);
  cells[777]->busy = 0;
  table.idle_sooner(*cells[777]);
  EXPECT_EQ(cell(table, 1, 2000), cells[777]);
  EXPECT_EQ(table.find(std::uint64_t{777} << 32), nullptr);
}

// --- a client's share

// Takes slots for `client`, busy for good, until it gets no more.
std::size_t fill(KeyTable<Cell>& table, std::uint64_t client) {
  for (std::size_t taken = 0;; ++taken) {
    const auto claim = table.claim((client << 32 | taken) * 0x9e3779b97f4a7c15ULL, client, kNow);
    if (claim.cell == nullptr) return taken;
    claim.cell->busy = 1;
  }
}

TEST(KeyTableShareTest, OneClientLeavesSlotsForOthers) {
  constexpr std::size_t kSlots = 65'536;
  KeyTable<Cell> table(kSlots);
  const std::size_t first = fill(table, 1);
  EXPECT_EQ(first, kSlots * 15 / 16);
  EXPECT_TRUE(table.claim(12, 1, kNow).over_share);
  // Of the rest the next one gets a fifth, and so on.
  EXPECT_NEAR(static_cast<double>(fill(table, 2)), kSlots / 16.0 / 5, 2);
  for (std::uint64_t client = 3; client < 20; ++client) EXPECT_GE(fill(table, client), 1U);
  EXPECT_LT(table.used(), kSlots);
}

TEST(KeyTableShareTest, IdleKeysDoNotCountForTheirClient) {
  KeyTable<Bucket> table(1000);
  Time now = kNow;
  for (int round = 0; round < 50; ++round) {
    for (std::uint64_t i = 0; i < 900; ++i) {
      Bucket* bucket = table.claim((round * 1000 + i) * 0x9e3779b97f4a7c15ULL, 5, now).cell;
      ASSERT_NE(bucket, nullptr) << round << ' ' << i;
      bucket->full_at = now + 1s;
    }
    now += 1s;
  }
}

TEST(KeyTableShareTest, AClientWithoutASlotGetsTheLastOne) {
  KeyTable<Cell> table(100);
  const std::size_t taken = fill(table, 1);
  EXPECT_LT(taken, 100U);
  std::uint64_t client = 2;
  for (std::size_t left = 100 - taken; left > 0; --left, ++client) {
    Cell* found = table.claim(client << 40, client, kNow).cell;
    ASSERT_NE(found, nullptr) << left;
    found->busy = 1;
  }
  const auto claim = table.claim(client << 40, client, kNow);
  EXPECT_EQ(claim.cell, nullptr);
  EXPECT_FALSE(claim.over_share);
}

TEST(KeyTableShareTest, ATableOfFewSlotsHasNoShares) {
  KeyTable<Cell> table(10);
  EXPECT_EQ(fill(table, 1), 10U);
}

}  // namespace
}  // namespace weir
