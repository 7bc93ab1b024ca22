#include "config/foreign_words.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A file that has `text` at that place.
std::string file_with(std::string_view place, const std::string& text) {
  const std::string flow = "{" + text + "}";
  if (place == "upstream") return "listen: 127.0.0.1:2\nupstream: " + flow + "\n";
  const std::string listen = "listen: 127.0.0.1:2\n",
                    upstream = "upstream: {address: 127.0.0.1:1}\n";
  if (place.empty())
    return (text.starts_with("listen") ? "" : listen) +
           (text.starts_with("upstream") ? "" : upstream) + text + "\n";
  const std::string base = listen + upstream;
  if (place == "filter") return base + "chain: [" + text + "]\n";
  if (place == "retry_on") return base + "chain: [retry: {retry_on: " + text + "}]\n";
  if (place == "tenants.*") return base + "tenants: {a: " + flow + "}\n";
  if (place == "routes.match") return base + "routes: [{chain: [], match: " + flow + "}]\n";
  if (place == "routes") return base + "routes: [" + flow + "]\n";
  if (place == "tenant" || place == "limits") return base + std::string(place) + ": " + flow + "\n";
  const std::string kind(place);
  return base + "chain: [buffer: {name: outside}, " + kind + ": " + flow +
         ", buffer: {name: inside}, concurrency_limit: {name: last, limit: 1}]\n";
}

std::vector<std::string> words_of(const ForeignWord& row) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : std::string(row.words) + " ") {
    if (c != ' ') {
      word += c;
    } else if (!word.empty()) {
      words.push_back(std::exchange(word, {}));
    }
  }
  return words;
}

TEST(ForeignWords, WhatTheyProposeCanBeWritten) {
  for (const ForeignWord& row : foreign_words()) {
    if (row.example.empty()) continue;
    const std::string file = file_with(row.place, std::string(row.example));
    EXPECT_THAT(load_config(file).errors, IsEmpty()) << file;
  }
}

// A word that has become a key needs no advice to write another.
TEST(ForeignWords, NoneIsAKeyAtItsPlace) {
  for (const ForeignWord& row : foreign_words()) {
    for (const std::string& word : words_of(row)) {
      const std::string text =
          row.place == "filter" || row.place == "retry_on" ? "[" + word + "]" : word + ": 1";
      const std::string file = row.place == "filter"
                                   ? "upstream: {address: 127.0.0.1:1}\nchain: " + text + "\n"
                                   : file_with(row.place, text);
      EXPECT_THAT(load_config(file).errors, Contains(HasSubstr(std::string(row.says)))) << file;
    }
  }
}

TEST(ForeignWords, EachStandsOnceAtItsPlace) {
  std::set<std::pair<std::string, std::string>> seen;
  for (const ForeignWord& row : foreign_words())
    for (const std::string& word : words_of(row))
      EXPECT_TRUE(seen.emplace(row.place, word).second) << row.place << ": " << word;
}

TEST(ForeignWords, AreFoundInAnySpelling) {
  for (const char* word : {"rate_limit", "rateLimit", "rate-limit", "RATELIMIT"})
    EXPECT_NE(find_foreign_word("", word), nullptr) << word;
  EXPECT_EQ(find_foreign_word("", "colour"), nullptr);
  EXPECT_EQ(find_foreign_word("buffer", "rate_limit"), nullptr);
  EXPECT_EQ(find_foreign_word("", ""), nullptr);
}

TEST(ForeignWords, PlacesAreTheSameInEveryChain) {
  EXPECT_EQ(place_of(""), "");
  EXPECT_EQ(place_of("upstream"), "upstream");
  EXPECT_EQ(place_of("tenants.acme"), "tenants.*");
  EXPECT_EQ(place_of("routes[3]"), "routes");
  EXPECT_EQ(place_of("routes[3].match"), "routes.match");
  EXPECT_EQ(place_of("chain[2].buffer"), "buffer");
  EXPECT_EQ(place_of("routes[3].chain[0].buffer"), "buffer");
  EXPECT_EQ(place_of("chains.slow[0].retry"), "retry");
  EXPECT_EQ(place_of("shared.slots.concurrency_limit"), "concurrency_limit");
}

}  // namespace
}  // namespace weir
