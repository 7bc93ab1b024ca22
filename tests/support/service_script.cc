// What a Service's script says: replies, and the barriers that hold them back.
#include <array>
#include <cerrno>
#include <poll.h>
#include <stdexcept>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/beast/http/status.hpp>

#include "tests/support/service.h"

namespace weir::testing {

Reply Reply::text(int status, std::string body) {
  Reply reply;
  reply.status = status;
  reply.body = std::move(body);
  return reply;
}

Reply Reply::held(std::shared_ptr<Hold> hold, std::string body) {
  Reply reply = text(200, std::move(body));
  reply.hold = std::move(hold);
  return reply;
}

Reply Reply::fault(Then then) {
  Reply reply;
  reply.framing = Framing::none;
  reply.status = 0;
  reply.then = then;
  return reply;
}

Hold::Hold() : event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK | EFD_SEMAPHORE)) {
  if (event_ < 0) throw std::runtime_error("no eventfd");
}

Hold::~Hold() { ::close(event_); }

void Hold::release(std::uint64_t count) {
  if (::write(event_, &count, sizeof count) != sizeof count) {
    throw std::runtime_error("hold: released too often");
  }
}

void Hold::open() { release(std::uint64_t{1} << 48); }

bool Hold::pass(const Socket& socket) {
  ++waiting_;
  bool passed = false;
  for (;;) {
    std::array<pollfd, 2> polled = {pollfd{event_, POLLIN, 0},
                                    pollfd{socket.descriptor(), POLLRDHUP, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0 && errno == EINTR) continue;
    std::uint64_t one = 0;
    if (polled[0].revents && ::read(event_, &one, sizeof one) == sizeof one) {
      passed = true;
      break;
    }
    if (polled[1].revents) break;
  }
  --waiting_;
  return passed;
}

std::string Reply::head() const {
  std::string text = "HTTP/1.1 " + std::to_string(status) + " " +
                     std::string(boost::beast::http::obsolete_reason(
                         boost::beast::http::int_to_status(static_cast<unsigned>(status)))) +
                     "\r\n";
  for (const auto& [name, value] : headers) text += name + ": " + value + "\r\n";
  if (framing == Framing::content_length) {
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  } else if (framing == Framing::chunked) {
    text += "Transfer-Encoding: chunked\r\n";
  }
  bool closes = then != Then::keep_alive || framing == Framing::until_close;
  if (closes) text += "Connection: close\r\n";
  return text + "\r\n";
}

}  // namespace weir::testing
