#include "proxy/cli/admin_client.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/endpoint.h"
#include "proxy/clock/clock.h"

namespace weir {
namespace {

constexpr std::size_t kMaxAnswer = 64 << 10;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

  // Until it can be read or written; false when the time is over.
  bool wait(short events, Time deadline) const {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - read_clock()).count();
    pollfd one{fd_, events, 0};
    return left > 0 && poll(&one, 1, static_cast<int>(left)) > 0;
  }

 private:
  int fd_;
};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  std::string host_field;
};

std::optional<Address> to_address(const Endpoint& endpoint) {
  const bool any = endpoint.both_families || endpoint.host == "0.0.0.0" || endpoint.host == "::";
  const std::string host =
      any ? (endpoint.host == "::" && !endpoint.both_families ? "::1" : "127.0.0.1")
          : endpoint.host;
  Address out;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(endpoint.port);
    out.size = sizeof *v4;
    out.host_field = host + ":" + std::to_string(endpoint.port);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(endpoint.port);
    out.size = sizeof *v6;
    out.host_field = "[" + host + "]:" + std::to_string(endpoint.port);
  } else {
    return std::nullopt;
  }
  return out;
}

// 0, or what went wrong.
int connect_to(const Socket& socket, const Address& address, Time deadline) {
  const auto* const at = reinterpret_cast<const sockaddr*>(&address.storage);
  if (connect(socket.fd(), at, address.size) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!socket.wait(POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  return error;
}

// The whole answer; the server closes after it.
int exchange(const Socket& socket, const std::string& request, Time deadline, std::string& answer) {
  if (send(socket.fd(), request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size())) {
    return errno;
  }
  std::array<char, 4096> chunk{};
  while (answer.size() < kMaxAnswer) {
    if (!socket.wait(POLLIN, deadline)) return ETIMEDOUT;
    const ssize_t n = recv(socket.fd(), chunk.data(), chunk.size(), 0);
    if (n == 0) return 0;
    if (n < 0) return errno;
    answer.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return 0;
}

AdminAnswer parse(const std::string& text) {
  AdminAnswer answer;
  if (text.starts_with("HTTP/1.1 ") && text.size() > 12) {
    std::from_chars(text.data() + 9, text.data() + 12, answer.status);
  }
  if (answer.status == 0) answer.error = "what answers there speaks no HTTP";
  const std::size_t end = text.find("\r\n\r\n");
  if (end != std::string::npos) answer.body = text.substr(end + 4);
  return answer;
}

AdminAnswer failed(std::string_view address, int error) {
  AdminAnswer answer;
  answer.refused = error == ECONNREFUSED;
  answer.error = std::string(address) + ": " + std::strerror(error);
  return answer;
}

}  // namespace

AdminAnswer ask_admin(std::string_view address, std::string_view method, std::string_view target,
                      std::chrono::milliseconds timeout) {
  if (address.starts_with("http://")) address.remove_prefix(7);
  if (address.starts_with("localhost:"))
    return ask_admin("127.0.0.1" + std::string(address.substr(9)), method, target, timeout);
  const Time deadline = read_clock() + timeout;
  const Result<Endpoint> endpoint = parse_endpoint(address, EndpointUse::admin);
  const auto to = endpoint ? to_address(*endpoint) : std::nullopt;
  if (!to) return failed(address, EINVAL);
  const Socket socket(
      ::socket(to->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.fd() < 0) return failed(address, errno);
  if (const int error = connect_to(socket, *to, deadline)) return failed(address, error);
  std::string request(method);
  request.append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(to->host_field);
  request.append("\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  std::string text;
  if (const int error = exchange(socket, request, deadline, text)) return failed(address, error);
  return parse(text);
}

}  // namespace weir
