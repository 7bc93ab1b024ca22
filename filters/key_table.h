// A table of cells by hashed key, of a fixed size, for keys that clients may make up at will.
//
// A hash table with chaining over one array of slots. A slot goes to another key only when its cell
// is idle, so nothing is forgotten; and a new key finds one whenever any slot is idle, wherever it
// lies. Only if there is none does the caller fall back on a cell that all such keys share.
//
// A client's share. Keys by the minute or hour stay busy for long, so one client could take every
// slot for good. Each slot in use therefore counts for the client that brought its key up, and the
// last sixteenth of the slots is kept for clients that have few: a client gets one of these only
// while it has less than a quarter of what is left. Clients are counted by hash, in a few thousand
// places; two that share a place share their part.
//
// Idle slots are found by sweeps, a block of 64 at a time, which put them on a list. A block, and a
// group of 64 blocks, has a time before which none of its cells is idle, so that it is not looked
// at in vain; what makes a cell idle sooner than it said has to tell (idle_sooner). A block is
// looked at once for each of its cells that changed since, at most, and kMostSwept in one call.
//
// Memory is taken from the system when a slot is first touched: slots * (18 + sizeof(Cell)) bytes,
// an eighth of a byte a slot for the times and 16 KiB for the clients. Cells never move.
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
  static constexpr std::size_t kMostSwept = 1024;  // blocks in one call
  static constexpr std::size_t kKept = 16;         // 1 / n of the slots, for clients that have few
  static constexpr std::size_t kFew = 4;           // less than 1 / n of what is left
  static constexpr std::size_t kClientPlaces = 4096;

  // All cells are zero bytes at first, which must mean idle.
  explicit KeyTable(std::size_t slots)
      : size_(std::max<std::size_t>(slots, 1)),
        slots_(zeros<Slot>(size_)),
        next_(zeros<std::uint32_t>(size_)),
        heads_(zeros<std::uint32_t>(size_)),
        owners_(zeros<std::uint16_t>(size_)),
        taken_(zeros<std::uint32_t>(kClientPlaces)),
        blocks_((size_ + kBlock - 1) / kBlock, Time::max()),
        groups_((blocks_.size() + kBlock - 1) / kBlock, Time::max()) {}

  // What a look for a new key's cell came to.
  struct Claim {
    Cell* cell = nullptr;
    bool over_share = false;  // null since the client has its share, not since no slot is idle
  };

  // A zero cell for a key that has none; `client`: a hash of who brings it up.
  Claim claim(std::uint64_t hash, std::uint64_t client, Time now) {
    const auto owner = static_cast<std::uint16_t>(client % kClientPlaces);
    std::size_t most = kMostSwept;
    if (left() == 0) sweep(now, most, [this] { return left() > 0; });
    if (left() > 0 && !may_take(owner)) sweep(now, most, [&] { return may_take(owner); });
    if (left() == 0) return {};
    if (!may_take(owner)) return {nullptr, true};
    const std::size_t at = take_slot();
    owners_[at] = owner;
    ++taken_[owner];
    link(at, hash);
    lower_bound(at, now);
    return {&slots_[at].cell};
  }

  // The cell of the key with this hash if it has one.
  Cell* find(std::uint64_t hash) {
    std::uint32_t at = heads_[place(hash)];
    while (at != 0 && slots_[at - 1].hash != hash) at = next_[at - 1];
    return at != 0 ? &slots_[at - 1].cell : nullptr;
  }

  // The cell may be idle earlier than it said before; does nothing if it is not of this table.
  void idle_sooner(const Cell& cell) {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(&cell) - reinterpret_cast<std::uintptr_t>(slots_.get());
    if (offset < size_ * sizeof(Slot)) lower_bound(offset / sizeof(Slot), Time::min());
  }

  // Slots that have a key, as far as is known: some of them may be idle by now.
  std::size_t used() const { return size_ - left(); }
  std::size_t size() const { return size_; }

 private:
  struct Slot {
    std::uint64_t hash;
    Cell cell;
  };
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };
  template <typename T>
  static std::unique_ptr<T[], Free> zeros(std::size_t count) {
    std::unique_ptr<T[], Free> out(static_cast<T*>(std::calloc(count, sizeof(T))));
    if (!out) throw std::bad_alloc();
    return out;
  }

  // The hash's upper half scaled to the size: no division.
  std::size_t place(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash >> 32) * size_ >> 32);
  }

  std::size_t left() const { return size_ - touched_ + vacant_; }
  // A table of less than kKept slots has none to keep.
  bool may_take(std::uint16_t owner) const {
    return left() > size_ / kKept || kFew * taken_[owner] < left();
  }

  std::size_t take_slot() {
    if (vacant_ == 0) return touched_++;
    const std::size_t at = first_vacant_ - 1;
    first_vacant_ = next_[at];
    --vacant_;
    return at;
  }

  void link(std::size_t at, std::uint64_t hash) {
    std::uint32_t& head = heads_[place(hash)];
    slots_[at] = Slot{hash, Cell{}};
    next_[at] = head;
    head = static_cast<std::uint32_t>(at + 1);
  }
  void unlink(std::size_t at) {
    std::uint32_t* link = &heads_[place(slots_[at].hash)];
    while (*link != at + 1) link = &next_[*link - 1];
    *link = next_[at];
  }

  void lower_bound(std::size_t at, Time bound) {
    Time& block = blocks_[at / kBlock];
    Time& group = groups_[at / kBlock / kBlock];
    block = std::min(block, bound);
    group = std::min(group, bound);
  }

  // Puts idle slots on the list of vacant ones, from where the last sweep ended, until `enough`.
  template <typename Enough>
  void sweep(Time now, std::size_t& most, Enough enough) {
    for (std::size_t i = 0; i <= groups_.size(); ++i) {
      const std::size_t group = hand_ / kBlock;
      const std::size_t end = std::min((group + 1) * kBlock, blocks_.size());
      if (groups_[group] > now) hand_ = end;
      for (; hand_ < end; ++hand_) {
        if (blocks_[hand_] > now) continue;
        if (most == 0) return;
        --most;
        sweep_block(hand_, now);
        if (enough()) return;
      }
      const auto first = blocks_.begin() + static_cast<std::ptrdiff_t>(group * kBlock);
      const auto last = blocks_.begin() + static_cast<std::ptrdiff_t>(end);
      groups_[group] = *std::min_element(first, last);
      if (hand_ == blocks_.size()) hand_ = 0;
    }
  }

  void sweep_block(std::size_t block, Time now) {
    Time first = Time::max();
    const std::size_t end = std::min((block + 1) * kBlock, touched_);
    for (std::size_t at = block * kBlock; at < end; ++at) {
      if (owners_[at] == kVacant) continue;
      const Time idle_at = slots_[at].cell.idle_at();
      if (idle_at <= now) {
        vacate(at);
      } else {
        first = std::min(first, idle_at);
      }
    }
    blocks_[block] = first;
  }

  void vacate(std::size_t at) {
    unlink(at);
    --taken_[owners_[at]];
    owners_[at] = kVacant;
    next_[at] = first_vacant_;
    first_vacant_ = static_cast<std::uint32_t>(at + 1);
    ++vacant_;
  }

  static constexpr std::uint16_t kVacant = kClientPlaces;

  std::size_t size_;
  std::size_t touched_ = 0;  // slots that were ever taken
  std::size_t vacant_ = 0;   // of these, the ones that have no key
  std::uint32_t first_vacant_ = 0;
  std::size_t hand_ = 0;  // the block at which the next sweep begins
  std::unique_ptr<Slot[], Free> slots_;
  std::unique_ptr<std::uint32_t[], Free> next_;   // in its chain or the vacant list: a place and 1
  std::unique_ptr<std::uint32_t[], Free> heads_;  // likewise
  std::unique_ptr<std::uint16_t[], Free> owners_;
  std::unique_ptr<std::uint32_t[], Free> taken_;  // slots, by owner
  std::vector<Time> blocks_, groups_;
};

}  // namespace weir
