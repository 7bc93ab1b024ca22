#include "proxy/net/descriptors.h"

#include <algorithm>
#include <string>
#include <sys/resource.h>

#include "proxy/log/log.h"

namespace weir {

std::int64_t raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  if (limit.rlim_cur < limit.rlim_max) {
    rlimit raised = limit;
    raised.rlim_cur = raised.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<std::int64_t>(std::min<rlim_t>(limit.rlim_cur, INT32_MAX));
}

std::int64_t clamp_connections(std::int64_t wanted, std::int64_t upstream, std::int64_t workers,
                               std::int64_t limit) {
  const std::int64_t own = 32 + 16 * workers;
  const std::int64_t shared = std::max<std::int64_t>(limit - own, 2);
  const std::int64_t left = shared - std::min(upstream, shared / 2);
  if (wanted <= left) return wanted;
  log_warning("limits.max_connections: " + std::to_string(wanted) + " lowered to " +
              std::to_string(left) + ", since only " + std::to_string(limit) +
              " file descriptors are allowed (raise them with `ulimit -Hn` or LimitNOFILE)");
  return left;
}

}  // namespace weir
