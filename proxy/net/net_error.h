// Why an operation on a socket did not succeed.
#pragma once

#include <cerrno>
#include <string>

namespace weir {

// Besides the named ones, any errno.
enum class NetError : int {
  none = 0,
  end_of_stream = -1,  // the peer has closed its side, and all that it sent has been read
  timed_out = ETIMEDOUT,
  try_again = EAGAIN,  // connecting: the queue of a Unix socket is full
  name_too_long = ENAMETOOLONG,
};

inline NetError net_error(int errno_value) { return static_cast<NetError>(errno_value); }

// In words, for the log.
std::string describe(NetError error);

}  // namespace weir
