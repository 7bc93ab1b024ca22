// A real nginx (Debian's nginx-light) as the service behind weir.
//
//   /                 "nginx\n"
//   /sized?n=N        N bytes of "x", chunked
//   /echo             answers with the request's body (up to 64 MiB)
//   /gzip             a page, compressed for those that come without a Via
//   /gzip/proxied     the same, compressed for all (gzip_proxied any)
//   /headers          the request's head, as it came
//   /big              a file of kBigFile bytes (pattern_bytes), with Content-Length and ranges
//   /gibibyte         a sparse file of 1 GiB
//   /status/503       that status, with Retry-After: 1
//   /sleep            answers after a second
//   /store/NAME       PUT writes it, GET reads it
//
// Owner: the test; the destructor stops it by its pid. It leaves nothing outside its directory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tests/support/process.h"
#include "tests/support/socket.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {

class Nginx {
 public:
  static constexpr std::size_t kBigFile = 64 << 20;

  // Throws std::runtime_error if nginx is missing or does not start, saying so. `unix_socket`:
  // listens there instead of on a free port.
  explicit Nginx(bool unix_socket = false);

  const Address& address() const { return address_; }
  std::string text() const { return address_.text(); }
  // Requests in its access log so far; one is written when its answer has gone out.
  std::size_t logged_requests() const;
  std::string access_log() const { return read_file(folder_.file("access.log")); }
  std::string error_log() const { return read_file(folder_.file("error.log")); }

 private:
  std::string config() const;
  TempDir folder_;
  Address address_;
  std::unique_ptr<Process> process_;
};

}  // namespace weir::testing
