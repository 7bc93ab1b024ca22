// The bodies that the bench sends: so many bytes, counted or in chunks of a size.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace weir::bench {

struct BodyShape {
  std::uint64_t bytes = 0;
  std::uint64_t chunk = 0;  // 0: not chunked

  // "BYTES" or "BYTES/CHUNK".
  static BodyShape parse(const char* text) {
    unsigned long long bytes = 0, chunk = 0;
    std::sscanf(text, "%llu/%llu", &bytes, &chunk);
    return {bytes, chunk};
  }
  std::string framing_field() const {
    return chunk ? "Transfer-Encoding: chunked\r\n"
                 : "Content-Length: " + std::to_string(bytes) + "\r\n";
  }
};

// What goes over the wire of a body: a unit that is repeated, and what comes after. The same for
// all bodies of one shape, so it is made once.
class BodyWire {
 public:
  explicit BodyWire(BodyShape shape) {
    if (shape.bytes == 0) return;
    constexpr std::uint64_t kBlock = 256 * 1024;
    if (shape.chunk == 0) {
      unit_.assign(kBlock, 'x');
      size_ = shape.bytes;
      return;
    }
    const std::string one = chunk_of(shape.chunk);
    while (unit_.size() < kBlock) unit_ += one;
    size_ = shape.bytes / shape.chunk * one.size();
    if (const std::uint64_t rest = shape.bytes % shape.chunk) after_ = chunk_of(rest);
    after_ += "0\r\n\r\n";
  }

  std::uint64_t size() const { return size_ + after_.size(); }
  // What to send next when `sent` bytes have gone.
  std::string_view from(std::uint64_t sent) const {
    if (sent >= size_) return std::string_view(after_).substr(sent - size_);
    return std::string_view(unit_).substr(sent % unit_.size()).substr(0, size_ - sent);
  }

 private:
  static std::string chunk_of(std::uint64_t bytes) {
    std::array<char, 16> hex{};
    char* const end = std::to_chars(hex.data(), hex.data() + hex.size(), bytes, 16).ptr;
    return std::string(hex.data(), end) + "\r\n" + std::string(bytes, 'x') + "\r\n";
  }

  std::string unit_, after_;
  std::uint64_t size_ = 0;  // of the repeated part
};

}  // namespace weir::bench
