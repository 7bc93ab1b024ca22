// What the kernel says of this process, for the process_* metrics. Linux: /proc and getrusage.
// A number that cannot be read is 0.
#pragma once

namespace weir {

struct ProcessStats {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_descriptors = 0;
  double max_descriptors = 0;
  double threads = 0;
};

ProcessStats read_process_numbers();

}  // namespace weir
