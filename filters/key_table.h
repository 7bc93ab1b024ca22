// A table of cells by hashed key, of a fixed size, for keys that clients may make up at will.
//
// A hash table with chaining over one array of slots. A slot goes to another key only when its cell
// is idle, so that nothing is forgotten; and a newcomer finds one whenever any slot is idle,
// wherever it lies. Only when none is does the caller fall back on a cell that all such keys share.
//
// Idle slots are found through lower bounds: for each block of 64 slots, and for each group of 64
// blocks, a time before which none of its cells is idle. They are made anew when a look finds
// nothing; what makes a cell idle sooner than it said has to tell (idle_sooner). So a look costs a
// few hundred steps at worst for 65,536 slots, and nothing while keys that are known come.
//
// Memory is taken from the system when a slot is first touched: slots * (16 + sizeof(Cell)) bytes
// and an eighth of a byte a slot for the bounds. Cells never move.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

#include "filters/time.h"

namespace weir {

// Cell: `Time idle_at() const`, from when on it is idle if nothing happens; kNever: not by itself.
template <typename Cell>
class KeyTable {
  static_assert(std::is_trivially_copyable_v<Cell>);

 public:
  static constexpr std::size_t kBlock = 64;

  // All cells are zero bytes at first, which must mean idle.
  explicit KeyTable(std::size_t slots)
      : size_(std::max<std::size_t>(slots, 1)),
        slots_(static_cast<Slot*>(std::calloc(size_, sizeof(Slot)))),
        heads_(static_cast<std::uint32_t*>(std::calloc(size_, sizeof(std::uint32_t)))),
        blocks_((size_ + kBlock - 1) / kBlock, Time::min()),
        groups_((blocks_.size() + kBlock - 1) / kBlock, Time::min()) {
    if (!slots_ || !heads_) throw std::bad_alloc();
  }

  // The cell of the key with this hash; a new one is zero. Null: no slot is idle.
  Cell* find_or_claim(std::uint64_t hash, Time now) {
    if (Cell* found = find(hash)) return found;
    const std::size_t at = used_ < size_ ? used_++ : find_idle(now);
    if (at == size_) return nullptr;
    Slot& slot = slots_[at];
    if (slot.listed) unlink(at);
    std::uint32_t& head = heads_[place(hash)];
    slot = Slot{hash, Cell{}, head, true};
    head = static_cast<std::uint32_t>(at + 1);
    return &slot.cell;
  }

  // The cell of the key with this hash if it has one.
  Cell* find(std::uint64_t hash) {
    for (std::uint32_t at = heads_[place(hash)]; at != 0; at = slots_[at - 1].next) {
      if (slots_[at - 1].hash == hash) return &slots_[at - 1].cell;
    }
    return nullptr;
  }

  // The cell may be idle earlier than it said before. One that is not of this table is none of its
  // business.
  void idle_sooner(const Cell& cell) {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(&cell) - reinterpret_cast<std::uintptr_t>(slots_.get());
    if (offset >= size_ * sizeof(Slot)) return;
    const std::size_t block = offset / sizeof(Slot) / kBlock;
    blocks_[block] = groups_[block / kBlock] = Time::min();
  }

  std::size_t used() const { return used_; }  // slots that were ever taken
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t hash;
    Cell cell;
    std::uint32_t next;  // in its chain: a slot's place and 1; 0: the last
    bool listed;
  };
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  // The hash's upper half scaled to the size: no division.
  std::size_t place(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash >> 32) * size_ >> 32);
  }

  void unlink(std::size_t at) {
    std::uint32_t* link = &heads_[place(slots_[at].hash)];
    while (*link != at + 1) link = &slots_[*link - 1].next;
    *link = slots_[at].next;
  }

  // An idle slot; size_: there is none.
  std::size_t find_idle(Time now) {
    for (std::size_t i = 0; i < groups_.size(); ++i) {
      const std::size_t group = (hand_ + i) % groups_.size();
      if (groups_[group] > now) continue;
      const std::size_t end = std::min((group + 1) * kBlock, blocks_.size());
      for (std::size_t block = group * kBlock; block < end; ++block) {
        if (blocks_[block] > now) continue;
        const std::size_t at = find_idle_in(block, now);
        if (at == size_) continue;
        hand_ = group;
        return at;
      }
      groups_[group] =
          *std::min_element(blocks_.begin() + static_cast<std::ptrdiff_t>(group * kBlock),
                            blocks_.begin() + static_cast<std::ptrdiff_t>(end));
    }
    return size_;
  }

  std::size_t find_idle_in(std::size_t block, Time now) {
    Time first = Time::max();
    const std::size_t end = std::min((block + 1) * kBlock, size_);
    for (std::size_t at = block * kBlock; at < end; ++at) {
      const Time idle_at = slots_[at].cell.idle_at();
      if (idle_at <= now) return at;
      first = std::min(first, idle_at);
    }
    blocks_[block] = first;
    return size_;
  }

  std::size_t size_;
  std::size_t used_ = 0;
  std::size_t hand_ = 0;  // the group in which the last look found one
  std::unique_ptr<Slot[], Free> slots_;
  std::unique_ptr<std::uint32_t[], Free> heads_;
  std::vector<Time> blocks_, groups_;
};

}  // namespace weir
