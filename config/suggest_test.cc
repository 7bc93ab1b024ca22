#include "config/suggest.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Suggest, CountsEditsWithTranspositions) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("buffer", "bufer"), 1U);
  EXPECT_EQ(edit_distance("buffer", "bfufer"), 1U);
  EXPECT_EQ(edit_distance("Buffer", "buffer"), 0U);
  EXPECT_EQ(edit_distance("retry", "timeout"), 6U);
}

TEST(Suggest, OffersOnlyWhatIsNear) {
  EXPECT_EQ(nearest("capasity", {"capacity", "max_wait"}), "capacity");
  EXPECT_EQ(nearest("zzz", {"capacity", "max_wait"}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
  EXPECT_EQ(did_you_mean("limt", {"limit", "limits"}), "; did you mean \"limit\"?");
  EXPECT_EQ(did_you_mean("x", {"limit"}), "");
}

}  // namespace
}  // namespace weir
