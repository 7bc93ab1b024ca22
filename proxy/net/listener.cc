#include "proxy/net/listener.h"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

#include "proxy/log/log.h"

namespace weir {

namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsATurn = 16;
constexpr std::uint64_t kPauseMs = 100;

// A socket file that nobody listens on any more is in the way; one that somebody does is not ours.
bool is_stale(const sockaddr_un& address) {
  struct stat file {};
  if (lstat(address.sun_path, &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return false;
  const bool refused =
      ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
      errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

}  // namespace

std::string ListeningSocket::open(const Endpoint& endpoint, const std::string& setting) {
  std::string why;
  const int error = endpoint.kind == Endpoint::Kind::unix_socket ? open_unix(endpoint, why)
                                                                 : open_tcp(endpoint, why);
  if (error == 0 && why.empty()) {
    note_address();
    return {};
  }
  close();
  if (error == EADDRINUSE) why = "address already in use (does another weir run there?)";
  if (why.empty()) why = std::strerror(error);
  return setting + ": cannot listen on " + endpoint.text + ": " + why;
}

int ListeningSocket::open_unix(const Endpoint& endpoint, std::string& why) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (endpoint.host.size() >= sizeof address.sun_path) {
    why = "the path of a Unix socket can have 107 bytes";
    return 0;
  }
  std::memcpy(address.sun_path, endpoint.host.c_str(), endpoint.host.size() + 1);
  if (is_stale(address)) ::unlink(address.sun_path);
  const int error =
      bind_and_listen(reinterpret_cast<const sockaddr*>(&address), sizeof address, false);
  if (error == 0) path_ = endpoint.host;
  return error;
}

int ListeningSocket::open_tcp(const Endpoint& endpoint, std::string& why) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | (endpoint.kind == Endpoint::Kind::ip ? AI_NUMERICHOST : 0);
  hints.ai_family = endpoint.both_families ? AF_INET6 : AF_UNSPEC;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(endpoint.port);
  const char* host = endpoint.both_families ? "::" : endpoint.host.c_str();
  if (const int error = getaddrinfo(host, port.c_str(), &hints, &found); error != 0) {
    why = gai_strerror(error);
    return 0;
  }
  int error = bind_and_listen(found->ai_addr, found->ai_addrlen, endpoint.both_families);
  freeaddrinfo(found);
  if (endpoint.both_families && (error == EAFNOSUPPORT || error == EADDRNOTAVAIL)) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(endpoint.port);
    error = bind_and_listen(reinterpret_cast<const sockaddr*>(&any), sizeof any, false);
  }
  return error;
}

int ListeningSocket::bind_and_listen(const sockaddr* address, socklen_t size, bool both_families) {
  close();
  fd_ = ::socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd_ < 0) return errno;
  const int on = 1;
  const int v6_only = both_families ? 0 : 1;
  setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address->sa_family == AF_INET6) {
    setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof v6_only);
  }
  if (::bind(fd_, address, size) == 0 && ::listen(fd_, kBacklog) == 0) return 0;
  return errno;
}

void ListeningSocket::note_address() {
  if (!path_.empty()) {
    address_ = "unix:" + path_;
    return;
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &size);
  char text[INET6_ADDRSTRLEN] = "";
  if (bound.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(bound);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    port_ = ntohs(v6.sin6_port);
    address_ = "[" + std::string(text) + "]:" + std::to_string(port_);
  } else {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(bound);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    port_ = ntohs(v4.sin_port);
    address_ = std::string(text) + ":" + std::to_string(port_);
  }
}

void ListeningSocket::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  if (!path_.empty()) ::unlink(std::exchange(path_, {}).c_str());
}

bool Acceptor::open(uv_loop_t* loop, const ListeningSocket& socket, Owner& owner) {
  owner_ = &owner;
  fd_ = fcntl(socket.descriptor(), F_DUPFD_CLOEXEC, 0);
  if (fd_ < 0) return false;
  if (uv_poll_init(loop, &poll_, fd_) != 0) {
    ::close(std::exchange(fd_, -1));
    return false;
  }
  uv_timer_init(loop, &pause_);
  poll_.data = pause_.data = this;
  return uv_poll_start(&poll_, UV_READABLE, [](uv_poll_t* handle, int, int) {
           static_cast<Acceptor*>(handle->data)->accept_some();
         }) == 0;
}

void Acceptor::close() {
  if (fd_ < 0) return;
  uv_poll_stop(&poll_);
  uv_close(reinterpret_cast<uv_handle_t*>(&poll_), nullptr);
  uv_close(reinterpret_cast<uv_handle_t*>(&pause_), nullptr);
  ::close(std::exchange(fd_, -1));
}

void Acceptor::accept_waiting() { accept_at_most(kBacklog); }

void Acceptor::accept_some() { accept_at_most(kAcceptsATurn); }

void Acceptor::accept_at_most(int most) {
  for (int i = 0; i < most && fd_ >= 0; ++i) {
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    const int fd =
        accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      owner_->on_accepted(fd, peer);
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) return pause();
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    // The connection died in the queue: on to the next one.
  }
}

void Acceptor::pause() {
  log_error("out of file descriptors or memory: no new connections for now, the open ones go on");
  owner_->on_out_of_descriptors();
  uv_poll_stop(&poll_);
  uv_timer_start(
      &pause_,
      [](uv_timer_t* handle) {
        auto& self = *static_cast<Acceptor*>(handle->data);
        uv_poll_start(&self.poll_, UV_READABLE, [](uv_poll_t* poll, int, int) {
          static_cast<Acceptor*>(poll->data)->accept_some();
        });
      },
      kPauseMs, 0);
}

}  // namespace weir
