// Writes a head into a worker's scratch memory, which grows if need be and is used again.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir {

// The memory. Owner: the worker; one head at a time, until it has been handed to the socket.
class WriteScratch {
 public:
  explicit WriteScratch(std::size_t capacity = 16 << 10)
      : bytes_(new char[capacity]), capacity_(capacity) {}

 private:
  friend class HeadWriter;
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_;
};

class HeadWriter {
 public:
  explicit HeadWriter(WriteScratch& scratch)
      : scratch_(scratch), at_(scratch.bytes_.get()), end_(at_ + scratch.capacity_) {}

  void add(std::string_view text) {
    if (static_cast<std::size_t>(end_ - at_) < text.size()) grow(text.size());
    at_ = put(at_, text);
  }
  // Several in a row: room for them is looked for once. Literals are copied by their known size.
  template <typename... Texts>
  void add_all(const Texts&... texts) {
    const std::size_t size = (size_of(texts) + ...);
    if (static_cast<std::size_t>(end_ - at_) < size) grow(size);
    char* at = at_;
    ((at = put(at, texts)), ...);
    at_ = at;
  }
  [[gnu::noinline]] void add_number(std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    add({digits, static_cast<std::size_t>(end - digits)});
  }
  // `name` with its colon and space
  template <std::size_t N>
  void add_number_field(const char (&name)[N], std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    add_all(name, std::string_view(digits, static_cast<std::size_t>(end - digits)), "\r\n");
  }
  // name: value CRLF
  void add_field(std::string_view name, std::string_view value) {
    add_all(name, ": ", value, "\r\n");
  }

  // What follows is the body.
  void begin_body() { head_size_ = text().size(); }
  std::size_t body_size() const { return text().size() - head_size_; }

  std::string_view text() const {
    return {scratch_.bytes_.get(), static_cast<std::size_t>(at_ - scratch_.bytes_.get())};
  }

 private:
  static constexpr std::size_t size_of(std::string_view text) { return text.size(); }
  template <std::size_t N>
  static constexpr std::size_t size_of(const char (&)[N]) {
    return N - 1;
  }
  template <std::size_t N>
  static char* put(char* at, const char (&literal)[N]) {
    std::memcpy(at, literal, N - 1);
    return at + N - 1;
  }
  static char* put(char* at, std::string_view text) {
    if (text.empty()) return at;  // it may have no data, which memcpy must not be given
    std::memcpy(at, text.data(), text.size());
    return at + text.size();
  }
  [[gnu::cold, gnu::noinline]] void grow(std::size_t n) {
    const std::size_t used = text().size();
    const std::size_t capacity = (scratch_.capacity_ + n) * 2;
    std::unique_ptr<char[]> bytes(new char[capacity]);
    std::memcpy(bytes.get(), scratch_.bytes_.get(), used);
    scratch_.bytes_ = std::move(bytes);
    scratch_.capacity_ = capacity;
    at_ = scratch_.bytes_.get() + used;
    end_ = scratch_.bytes_.get() + capacity;
  }

  WriteScratch& scratch_;
  std::size_t head_size_ = 0;
  char* at_;
  char* end_;
};

}  // namespace weir
