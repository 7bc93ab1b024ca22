// Memory for bytes on their way: blocks in powers of two that one worker lends and takes back.
//
// Owner and thread: the worker. Up to kKeep bytes of each size are kept for the next borrower, the
// rest goes back to the system, so that a peak does not stay. Blocks above kLargest are not kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace weir {

class BufferPool {
 public:
  BufferPool() = default;
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  static constexpr std::size_t kSmallest = 512, kLargest = 128 << 10, kKeep = 512 << 10;

  // At least `size` bytes; `size` becomes how many they are.
  char* take(std::size_t& size);
  void give(char* block, std::size_t size);  // what take() said
  void release_kept();

 private:
  static constexpr std::size_t kClasses = 9;
  static std::size_t class_of(std::size_t size);
  struct Free {
    Free* next;
  };
  std::array<Free*, kClasses> free_{};
  std::array<std::size_t, kClasses> kept_{};
};

// A queue of bytes in one lent block; none while it is empty.
class ByteQueue {
 public:
  ByteQueue() = default;
  ~ByteQueue() { release(); }
  ByteQueue(ByteQueue&& other) noexcept { swap(other); }
  ByteQueue& operator=(ByteQueue&& other) noexcept {
    release();
    swap(other);
    return *this;
  }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  char* data() { return block_ + begin_; }
  const char* data() const { return block_ + begin_; }
  std::string_view view() const { return {block_ + begin_, size()}; }
  std::span<char> bytes() { return {block_ + begin_, size()}; }

  void append(BufferPool& pool, std::string_view bytes);
  void drop(std::size_t n);  // from the front; the block goes back with the last byte
  void release() {
    if (block_ != nullptr) give_back();
  }

 private:
  void give_back();
  void swap(ByteQueue& other) noexcept;
  void make_room(BufferPool& pool, std::size_t n);

  BufferPool* pool_ = nullptr;
  char* block_ = nullptr;
  std::uint32_t begin_ = 0, end_ = 0;
  std::uint32_t capacity_ = 0;
};

}  // namespace weir
