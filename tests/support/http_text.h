// Header fields as tests look at them: in order, names in any case.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::testing {

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;
  Headers() = default;
  Headers(std::initializer_list<Field> fields) : fields_(fields) {}

  void add(std::string name, std::string value) {
    fields_.emplace_back(std::move(name), std::move(value));
  }
  // The first of that name.
  std::optional<std::string> find(std::string_view name) const;
  // The first of that name, or an empty string.
  std::string operator[](std::string_view name) const { return find(name).value_or(""); }
  std::vector<std::string> all(std::string_view name) const;
  std::size_t count(std::string_view name) const { return all(name).size(); }

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  bool empty() const { return fields_.empty(); }

 private:
  std::vector<Field> fields_;
};

struct Response {
  int status = 0;
  std::string reason;  // the phrase
  Headers headers;
  std::string body;
  bool keep_alive = false;
  bool complete = true;      // false: it was cut within its body
  std::vector<int> interim;  // 1xx that came before
};

// `size` bytes that tell their place, so that a lost or doubled block shows.
std::string pattern_bytes(std::size_t size, std::size_t offset = 0);

}  // namespace weir::testing
