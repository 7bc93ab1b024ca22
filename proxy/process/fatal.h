// The last line of a process that cannot go on: no memory, or an exception that nothing caught.
#pragma once

namespace weir {

// For std::set_terminate. Says on stderr why, in one line, without an allocation, waiting for its
// reader for kLastWords at most; then aborts.
[[noreturn]] void tell_and_abort() noexcept;

}  // namespace weir
