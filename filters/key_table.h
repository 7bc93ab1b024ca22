// A table of cells by hashed key, of a fixed size, for keys that clients may make up at will.
//
// A key may stand in any of a few slots from its hash's place on. A slot is taken over only when
// its cell is idle, so that nothing is forgotten; when none is, the caller falls back on a cell
// that all such keys share. Memory is taken from the system when a slot is first touched, and never
// more than slots * (8 + sizeof(Cell)) bytes. Cells never move while they are not idle.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace weir {

template <typename Cell>
class KeyTable {
  static_assert(std::is_trivially_copyable_v<Cell>);

 public:
  static constexpr std::size_t kProbes = 8;

  // All cells are zero bytes at first, which must mean idle.
  explicit KeyTable(std::size_t slots)
      : size_(std::max<std::size_t>(slots, 1)),
        slots_(static_cast<Slot*>(std::calloc(size_, sizeof(Slot)))) {
    if (!slots_) throw std::bad_alloc();
  }

  // The cell of the key with this hash; a new one is zero. Null: all its slots are busy.
  template <typename Idle>
  Cell* find_or_claim(std::uint64_t hash, Idle idle) {
    if (hash == kFree) hash = 1;
    Slot* claimable = nullptr;
    std::size_t at = place(hash);
    for (std::size_t i = std::min(kProbes, size_); i > 0; --i, at = at + 1 == size_ ? 0 : at + 1) {
      Slot& slot = slots_[at];
      if (slot.hash == hash) return &slot.cell;
      if (claimable == nullptr && (slot.hash == kFree || idle(slot.cell))) claimable = &slot;
    }
    if (claimable == nullptr) return nullptr;
    if (claimable->hash == kFree) ++used_;
    *claimable = Slot{hash, Cell{}};
    return &claimable->cell;
  }

  // The cell of the key with this hash if it has one.
  Cell* find(std::uint64_t hash) {
    if (hash == kFree) hash = 1;
    std::size_t at = place(hash);
    for (std::size_t i = std::min(kProbes, size_); i > 0; --i, at = at + 1 == size_ ? 0 : at + 1) {
      if (slots_[at].hash == hash) return &slots_[at].cell;
    }
    return nullptr;
  }

  std::size_t used() const { return used_; }  // slots that were ever taken
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint64_t kFree = 0;
  struct Slot {
    std::uint64_t hash;
    Cell cell;
  };
  struct Free {
    void operator()(Slot* p) const { std::free(p); }
  };

  // The hash's upper half scaled to the size: no division.
  std::size_t place(std::uint64_t hash) const {
    return static_cast<std::size_t>((hash >> 32) * size_ >> 32);
  }

  std::size_t size_;
  std::size_t used_ = 0;
  std::unique_ptr<Slot[], Free> slots_;
};

}  // namespace weir
