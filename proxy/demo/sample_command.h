// `weir sample`: the demo's service by itself, to try weir before it (docker/compose.yaml does).
#pragma once

#include "proxy/demo/sample_service.h"

namespace weir {

// Serves until TERM or INT. Returns the exit code: 0, or 1 if it could not start.
int run_sample(const demo::SampleOptions& options);

}  // namespace weir
