#include "tests/e2e/full_queue.h"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace weir::testing {
namespace {

// A queue of 0 takes one connection, on some kernels two.
constexpr int kFilling = 4;

Socket begin_to_connect(const Address& address) {
  const bool is_unix = !address.path.empty();
  const int fd =
      ::socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in inet{};
  inet.sin_family = AF_INET;
  inet.sin_port = htons(address.port);
  inet_pton(AF_INET, address.host.c_str(), &inet.sin_addr);
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  std::strncpy(local.sun_path, address.path.c_str(), sizeof local.sun_path - 1);
  const auto* to = is_unix ? reinterpret_cast<const sockaddr*>(&local)
                           : reinterpret_cast<const sockaddr*>(&inet);
  // One of them finds the queue full, which is the purpose.
  if (::connect(fd, to, is_unix ? sizeof local : sizeof inet) != 0) return Socket(fd);
  return Socket(fd);
}

}  // namespace

FullQueue::FullQueue(const Address& address) : listener_(address, 0) {
  for (int i = 0; i < kFilling; ++i) filling_.push_back(begin_to_connect(listener_.address()));
}

bool FullQueue::serve_one() {
  filling_.clear();
  const Deadline deadline(kPatience);
  while (!deadline.over()) {
    std::optional<Socket> connection = listener_.accept(deadline.left());
    if (!connection) return false;
    std::string request;
    // What filled the queue, and what weir has given up, ends without one.
    if (connection->read_until(request, "\r\n\r\n", deadline.left()) != Socket::Status::ok)
      continue;
    if (request.find("\r\n\r\n") == std::string::npos) continue;
    connection->write_all("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    connection->wait_for_close();
    return true;
  }
  return false;
}

}  // namespace weir::testing
