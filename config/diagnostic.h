// One thing that is wrong with a configuration, or worth a warning.
#pragma once

#include <string>

namespace weir {

// Printed as `FILE:LINE:COLUMN: path: message`.
struct Diagnostic {
  std::string file;
  int line = 1;         // from 1
  int column = 1;       // from 1
  std::string path;     // chain[2].buffer.capacity; empty: the file as a whole
  std::string message;  // what was found, what is allowed
  std::string text() const;
};

}  // namespace weir
