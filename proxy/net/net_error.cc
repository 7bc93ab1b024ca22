#include "proxy/net/net_error.h"

#include <system_error>

namespace weir {

std::string describe(NetError error) {
  if (error == NetError::end_of_stream) return "end of stream";
  return std::generic_category().message(static_cast<int>(error));
}

}  // namespace weir
