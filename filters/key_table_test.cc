#include "filters/key_table.h"

#include <random>
#include <unordered_map>

#include <gtest/gtest.h>

namespace weir {
namespace {

struct Cell {
  int busy;
};

bool idle(const Cell& cell) { return cell.busy == 0; }

TEST(KeyTableTest, FindsWhatItHolds) {
  KeyTable<Cell> table(100);
  table.find_or_claim(42, idle)->busy = 7;
  EXPECT_EQ(table.find_or_claim(42, idle)->busy, 7);
  EXPECT_EQ(table.used(), 1u);
  EXPECT_NE(table.find(42), nullptr);
  EXPECT_EQ(table.find(43), nullptr);
}

TEST(KeyTableTest, ASlotThatIsTakenOverStartsFromZero) {
  KeyTable<Cell> table(1);
  Cell* cell = table.find_or_claim(1, idle);
  cell->busy = 5;
  EXPECT_EQ(table.find_or_claim(2, idle), nullptr);
  cell->busy = 0;
  EXPECT_EQ(table.find_or_claim(2, idle)->busy, 0);
  EXPECT_EQ(table.find(1), nullptr);
}

TEST(KeyTableTest, HashesAtTheEdgesHaveTheirPlace) {
  for (const std::size_t slots : {0U, 1U, 2U, 7U, 8U, 9U, 65'536U}) {
    KeyTable<Cell> table(slots);
    for (const std::uint64_t hash : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX,
                                     std::uint64_t{UINT32_MAX}, std::uint64_t{1} << 63}) {
      Cell* cell = table.find_or_claim(hash, idle);
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
    Cell* cell = table.find_or_claim(hash, idle);
    const auto known = model.find(hash);
    if (known != model.end()) {
      ASSERT_NE(cell, nullptr);
      ASSERT_EQ(cell->busy, known->second);
    }
    if (cell == nullptr) continue;
    cell->busy = static_cast<int>(random() % 3);
    cell->busy != 0 ? static_cast<void>(model[hash] = cell->busy)
                    : static_cast<void>(model.erase(hash));
  }
}

}  // namespace
}  // namespace weir
