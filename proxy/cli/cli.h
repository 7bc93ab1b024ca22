// The command line as a whole: which command, with what options.
#pragma once

namespace weir {

// Returns the exit code: 0 done, 1 bad config or could not start, 2 wrong usage, 3 drain cut short,
// 4 out of memory (fatal.h).
int run_cli(int argc, const char* const* argv);

}  // namespace weir
