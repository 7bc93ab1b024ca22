// A value, or one line that says why there is none.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace weir {

template <typename T>
struct Result {
  std::optional<T> value;
  std::string error;  // what was found and what is allowed; empty if there is a value

  static Result ok(T value) { return {std::move(value), {}}; }
  static Result failed(std::string error) { return {std::nullopt, std::move(error)}; }
  explicit operator bool() const { return value.has_value(); }
  const T& operator*() const { return *value; }
  const T* operator->() const { return &*value; }
};

}  // namespace weir
