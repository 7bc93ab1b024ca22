#include "proxy/process/fatal.h"

#include <csignal>
#include <cstdlib>
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
  EXPECT_EXIT(end_with(std::bad_alloc()), ::testing::ExitedWithCode(kOutOfMemory),
              "^weir: ending at once: out of memory\n$");
  EXPECT_DEATH(end_with(std::runtime_error("no descriptors")),
               "^weir: ending at once: no descriptors\n$");
  EXPECT_DEATH(end_with(1), "^weir: ending at once: an exception of an unknown type\n$");
  EXPECT_DEATH(tell_and_abort(), "^weir: ending at once: no exception is handled\n$");
}

TEST(FatalDeathTest, AnAbortOfALibraryHasALineToo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto abort_as_a_library = [] {
    tell_of_aborts();
    std::abort();
  };
  EXPECT_EXIT(abort_as_a_library(), ::testing::KilledBySignal(SIGABRT),
              "^weir: ending at once: a library aborted");
}

}  // namespace
}  // namespace weir
