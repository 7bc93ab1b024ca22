#include "proxy/process/fatal.h"

#include <new>
#include <stdexcept>

#include <gtest/gtest.h>

namespace weir {
namespace {

template <typename Error>
void end_with(const Error& error) {
  try {
    throw error;
  } catch (...) {
    tell_and_abort();
  }
}

TEST(FatalDeathTest, SaysInOneLineWhatItWas) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(end_with(std::bad_alloc()), "^weir: ending at once: out of memory\n$");
  EXPECT_DEATH(end_with(std::runtime_error("no descriptors")),
               "^weir: ending at once: no descriptors\n$");
  EXPECT_DEATH(end_with(1), "^weir: ending at once: an exception of an unknown type\n$");
  EXPECT_DEATH(tell_and_abort(), "^weir: ending at once: no exception is handled\n$");
}

}  // namespace
}  // namespace weir
