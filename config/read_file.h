// Reads a whole file, bounded before the first byte is read.
//
// Only regular files: a device such as /dev/zero gives bytes without end, and a pipe may never give
// any. A file that grows meanwhile, or that does not know its size (/proc), is bounded all the
// same. Does not block, but for the disk.
#pragma once

#include <cstddef>
#include <string>

#include "config/result.h"

namespace weir {

// The error says what is wrong with the file, without its name.
Result<std::string> read_regular_file(const std::string& path, std::size_t most);

}  // namespace weir
