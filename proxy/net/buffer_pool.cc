#include "proxy/net/buffer_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace weir {

BufferPool::~BufferPool() { release_kept(); }

void BufferPool::release_kept() {
  for (Free*& list : free_) {
    while (list != nullptr) ::operator delete(std::exchange(list, list->next));
  }
  kept_ = {};
}

std::size_t BufferPool::class_of(std::size_t size) {
  return static_cast<std::size_t>(std::bit_width((std::max(size, kSmallest) - 1) / kSmallest));
}

char* BufferPool::take(std::size_t& size) {
  if (size > kLargest) return static_cast<char*>(::operator new(size));
  const std::size_t c = class_of(size);
  size = kSmallest << c;
  if (free_[c] == nullptr) return static_cast<char*>(::operator new(size));
  Free* block = free_[c];
  free_[c] = block->next;
  kept_[c] -= size;
  return reinterpret_cast<char*>(block);
}

void BufferPool::give(char* block, std::size_t size) {
  const std::size_t c = class_of(size);
  if (size > kLargest || kept_[c] + size > kKeep) return ::operator delete(block);
  free_[c] = new (block) Free{free_[c]};
  kept_[c] += size;
}

void ByteQueue::append(BufferPool& pool, std::string_view bytes) {
  if (bytes.empty()) return;
  make_room(pool, bytes.size());
  std::memcpy(block_ + end_, bytes.data(), bytes.size());
  end_ += static_cast<std::uint32_t>(bytes.size());
}

void ByteQueue::make_room(BufferPool& pool, std::size_t n) {
  if (capacity_ - end_ >= n) return;
  const std::size_t held = size();
  if (block_ != nullptr && capacity_ - held >= n) {
    std::memmove(block_, block_ + begin_, held);
    begin_ = 0;
    end_ = static_cast<std::uint32_t>(held);
    return;
  }
  std::size_t capacity = std::max(held + n, block_ == nullptr ? 0 : std::size_t{capacity_} * 2);
  char* block = pool.take(capacity);
  if (held != 0) std::memcpy(block, block_ + begin_, held);
  release();
  pool_ = &pool;
  block_ = block;
  capacity_ = static_cast<std::uint32_t>(capacity);
  end_ = static_cast<std::uint32_t>(held);
}

void ByteQueue::drop(std::size_t n) {
  begin_ += static_cast<std::uint32_t>(std::min(n, size()));
  if (empty()) release();
}

void ByteQueue::give_back() {
  pool_->give(block_, capacity_);
  block_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

void ByteQueue::swap(ByteQueue& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(block_, other.block_);
  std::swap(begin_, other.begin_);
  std::swap(end_, other.end_);
  std::swap(capacity_, other.capacity_);
}

}  // namespace weir
