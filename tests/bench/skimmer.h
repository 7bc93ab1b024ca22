// Finds the end of HTTP/1.1 messages of well-behaved peers, as cheaply as it can: what the bench's
// load and service spend on parsing they cannot spend on keeping a proxy busy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <strings.h>

namespace weir::bench {

class Skimmer {
 public:
  // Takes what belongs to this message off the front of `in`; true when that was its last byte.
  // Then `start()` begins the next.
  bool take(std::string_view& in) {
    if (!head_seen_ && !take_head(in)) return false;
    return chunked_ ? take_chunks(in) : take_counted(in);
  }
  void start() {
    head_.clear();
    head_seen_ = chunked_ = false;
    left_ = 0;
    chunk_ = Chunk::size;
  }
  bool started() const { return head_seen_ || !head_.empty(); }
  // The request's or status line, once the head is there.
  std::string_view first_line() const { return {line_, line_size_}; }
  // Of a response.
  int status() const { return line_size_ > 12 ? std::atoi(line_ + 9) : 0; }
  std::uint64_t body_bytes() const { return body_bytes_; }  // of all messages so far

 private:
  enum class Chunk : std::uint8_t { size, extension, data, after, trailer, trailer_line };

  bool take_head(std::string_view& in) {
    if (head_.empty()) {
      const std::size_t end = in.find("\r\n\r\n");
      if (end != std::string_view::npos) {
        read_head(in.substr(0, end + 2));
        in.remove_prefix(end + 4);
        return true;
      }
    }
    const std::size_t before = head_.size();
    head_.append(in);
    const std::size_t end = head_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
    if (end == std::string::npos) {
      in = {};
      return false;
    }
    in.remove_prefix(end + 4 - before);
    read_head(std::string_view(head_).substr(0, end + 2));
    return true;
  }

  void read_head(std::string_view head) {
    head_seen_ = true;
    std::size_t at = head.find('\n') + 1;
    line_size_ = std::min(at - 2, sizeof line_ - 1);
    std::memcpy(line_, head.data(), line_size_);
    line_[line_size_] = 0;
    while (at < head.size()) {
      const std::size_t end = head.find('\n', at);
      const std::string_view field = head.substr(at, end - at);
      constexpr std::string_view kLength = "content-length:", kCoding = "transfer-encoding:";
      if (field.size() > kLength.size() &&
          !strncasecmp(field.data(), kLength.data(), kLength.size())) {
        left_ = std::strtoull(field.data() + kLength.size(), nullptr, 10);
      } else if (field.size() > kCoding.size() &&
                 !strncasecmp(field.data(), kCoding.data(), kCoding.size())) {
        chunked_ = true;
      }
      at = end + 1;
    }
  }

  bool take_counted(std::string_view& in) {
    const std::size_t taken = std::min<std::uint64_t>(left_, in.size());
    in.remove_prefix(taken);
    left_ -= taken;
    body_bytes_ += taken;
    return left_ == 0;
  }

  bool take_chunks(std::string_view& in) {
    while (!in.empty()) {
      const char c = in.front();
      switch (chunk_) {
        case Chunk::size:
        case Chunk::extension:
          if (c == '\n') {
            chunk_ = left_ ? Chunk::data : Chunk::trailer;
          } else if (c == ';' || c == '\r') {
            chunk_ = Chunk::extension;
          } else if (chunk_ == Chunk::size) {
            left_ = left_ * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
          }
          in.remove_prefix(1);
          break;
        case Chunk::data:
          if (take_counted(in)) chunk_ = Chunk::after;
          break;
        case Chunk::after:
          if (c == '\n') chunk_ = Chunk::size;
          in.remove_prefix(1);
          break;
        case Chunk::trailer:
        case Chunk::trailer_line:
          in.remove_prefix(1);
          if (c == '\n' && chunk_ == Chunk::trailer) return true;
          if (c == '\n') {
            chunk_ = Chunk::trailer;
          } else if (c != '\r') {
            chunk_ = Chunk::trailer_line;
          }
          break;
      }
    }
    return false;
  }

  std::string head_;  // while it is incomplete
  std::uint64_t left_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::size_t line_size_ = 0;
  bool head_seen_ = false;
  bool chunked_ = false;
  Chunk chunk_ = Chunk::size;
  char line_[80] = {};
};

}  // namespace weir::bench
