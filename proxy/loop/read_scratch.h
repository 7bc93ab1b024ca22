// What all connections of a worker read into: libuv asks for the buffer right before the read, so
// one is enough. Its content is gone when the read callback returns.
#pragma once

#include <array>
#include <cstddef>

namespace weir {

struct ReadScratch {
  // So that what a socket does not take of one read fits a block of 64 KiB, together with a chunk's
  // frame and the write's own part.
  static constexpr std::size_t kSize = (64 << 10) - 512;
  std::array<char, kSize> bytes;
};

}  // namespace weir
