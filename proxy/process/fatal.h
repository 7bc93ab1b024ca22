// The last line of a process that cannot go on: no memory, or an exception that nothing caught.
#pragma once

namespace weir {

// The exit code of a process that found no memory.
inline constexpr int kOutOfMemory = 4;

// For std::set_terminate. Says on stderr why, in one line, without an allocation, waiting for its
// reader for kLastWords at most; then ends with kOutOfMemory if that is why, else aborts.
[[noreturn]] void tell_and_abort() noexcept;

// From now on a library that aborts by itself (libuv does, without memory for a thread) leaves a
// line, too.
void tell_of_aborts();

}  // namespace weir
