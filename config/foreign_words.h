// Keys and words that people bring from other programs, and what to write here instead.
//
// A table: each row is a test, which loads its example. A row whose word becomes a key of weir's
// must go; the test says so.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace weir {

struct ForeignWord {
  std::string_view place;  // where it is unknown: what place_of gives, or "filter", "retry_on"
  std::string_view words;  // in lower case, without _, - and ., with spaces between
  std::string_view says;
  std::string_view example{};  // what to write in its place; empty: there is nothing
};

std::span<const ForeignWord> foreign_words();

// Null: no such row.
const ForeignWord* find_foreign_word(std::string_view place, std::string_view word);

// The place of a map from its path: "" for the file, "tenants.*" for each tenant, a filter's kind
// for its keys, else the path without numbers.
std::string place_of(std::string_view path);

// `says: write example`
std::string advice(const ForeignWord& word);

}  // namespace weir
