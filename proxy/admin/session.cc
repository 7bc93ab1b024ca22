#include "proxy/admin/session.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "proxy/admin/compress.h"

namespace weir {

namespace beast = boost::beast;
namespace http = boost::beast::http;

namespace {

constexpr auto kIdleTimeout = std::chrono::seconds(60);
constexpr auto kTimeout = std::chrono::seconds(10);
constexpr std::uint32_t kMaxHead = 8 << 10;
constexpr std::uint64_t kMaxBody = 4 << 10;
constexpr std::size_t kMaxBuffer = 16 << 10;
constexpr std::size_t kFirstRead = 4 << 10;
constexpr std::size_t kWorthCompressing = 1 << 10;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

template <typename Request>
std::optional<std::string_view> field(const Request& request, http::field name) {
  const auto found = request.find(name);
  if (found == request.end()) return std::nullopt;
  return view(found->value());
}

// All fields of one name, as one list.
template <typename Request>
std::string joined(const Request& request, http::field name) {
  std::string all;
  const auto range = request.equal_range(name);
  for (auto i = range.first; i != range.second; ++i) all += std::string(view(i->value())) + ",";
  return all;
}

template <typename Message>
void set_fields(Message& message, const AdminReply& reply, bool keep_alive) {
  message.set(http::field::content_type, reply.type);
  message.set(http::field::cache_control, "no-store");
  message.set("X-Content-Type-Options", "nosniff");
  if (!reply.allow.empty()) message.set(http::field::allow, reply.allow);
  if (reply.compress) message.set(http::field::vary, "Accept-Encoding");
  message.keep_alive(keep_alive);
}

// IPv4 as ::a.b.c.d, which is no client's /64.
SessionPeer peer_of(const boost::asio::ip::tcp::socket& socket) {
  namespace ip = boost::asio::ip;
  SessionPeer peer{};
  boost::system::error_code error;
  const ip::address address = socket.remote_endpoint(error).address();
  if (error) return peer;
  if (address.is_v6() && !address.to_v6().is_v4_mapped()) {
    std::ranges::copy_n(address.to_v6().to_bytes().begin(), peer.size(), peer.begin());
  } else {
    const ip::address_v4 v4 =
        address.is_v4() ? address.to_v4() : make_address_v4(ip::v4_mapped, address.to_v6());
    std::ranges::copy(v4.to_bytes(), peer.begin() + 4);
  }
  return peer;
}

}  // namespace

Session::Session(boost::asio::ip::tcp::socket socket, const PageFinder& find, Sessions& open)
    : stream_(std::move(socket)),
      find_(find),
      open_(open),
      place_(open.insert(open.end(), this)),
      peer_(peer_of(stream_.socket())),
      buffer_(kMaxBuffer) {}

Session::~Session() { open_.erase(place_); }

void Session::close() {
  closed_ = true;
  Error ignored;
  stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_both, ignored);
  stream_.close();
}

void Session::await() {
  parser_.emplace();
  parser_->header_limit(kMaxHead);
  parser_->body_limit(kMaxBody);
  waits_ = true;
  open_.splice(open_.end(), open_, place_);
  if (buffer_.size() > 0) return read();  // pipelined
  stream_.expires_after(kIdleTimeout);
  stream_.async_read_some(buffer_.prepare(kFirstRead),
                          [self = shared_from_this()](Error error, std::size_t size) {
                            if (error) return self->close();
                            self->buffer_.commit(size);
                            self->read();
                          });
}

void Session::read() {
  stream_.expires_after(kTimeout);
  http::async_read_header(
      stream_, buffer_, *parser_,
      [self = shared_from_this()](Error error, std::size_t) { self->on_head(error); });
}

void Session::on_head(Error error) {
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  if (error || parser_->is_done()) return on_read(error);
  const bool asks = beast::iequals(parser_->get()[http::field::expect], "100-continue");
  if (!asks) return read_body();
  boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                           [self = shared_from_this()](Error failed, std::size_t) {
                             if (failed) return self->close();
                             self->read_body();
                           });
}

void Session::read_body() {
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](Error error, std::size_t) { self->on_read(error); });
}

void Session::on_read(Error error) {
  waits_ = false;
  if (!error) return ask();
  if (error == http::error::header_limit) return refuse(431, "The head is too large.");
  if (error == http::error::body_limit) return refuse(413, "The body is too large.");
  const bool malformed = error.category() == make_error_code(http::error::bad_method).category() &&
                         error != http::error::end_of_stream &&
                         error != http::error::partial_message;
  if (malformed) return refuse(400, "That is no HTTP/1.1 request.");
  close();
}

void Session::ask() {
  const auto& request = parser_->get();
  AdminRequest question;
  question.method = view(request.method_string());
  question.target = view(request.target());
  question.host = field(request, http::field::host).value_or("");
  question.origin = field(request, http::field::origin);
  if (const auto found = request.find("Sec-Fetch-Site"); found != request.end()) {
    question.fetch_site = view(found->value());
  }
  question.from_loopback = from_loopback();
  AdminReply refusal;
  const Page* page = find_(question, refusal);
  if (page == nullptr) return send(refusal);
  if (!page->answer_later) return send(page->answer(query_of(question)));
  // The session must end on this thread: whoever answers passes it on, and keeps nothing of it.
  page->answer_later(query_of(question), [self = shared_from_this()](AdminReply reply) mutable {
    const auto executor = self->stream_.get_executor();
    boost::asio::post(executor,
                      [own = std::move(self), late = std::move(reply)] { own->send(late); });
  });
}

void Session::refuse(unsigned status, std::string_view detail) {
  parser_.emplace();  // what was read is not kept alive
  parser_->get().keep_alive(false);
  send(problem(status, detail));
}

void Session::send(const AdminReply& reply) {
  const auto& request = parser_->get();
  const auto status = static_cast<http::status>(reply.status);
  const bool keep_alive = request.keep_alive();
  std::optional<std::string> packed;
  if (reply.compress && reply.body.size() >= kWorthCompressing &&
      wants_gzip(joined(request, http::field::accept_encoding))) {
    packed = gzip(reply.body);
  }
  const std::size_t size = packed ? packed->size() : reply.body.size();
  auto finish = [&](auto&& message) {
    set_fields(message, reply, keep_alive);
    if (packed) message.set(http::field::content_encoding, "gzip");
    message.content_length(size);
    write(std::forward<decltype(message)>(message));
  };
  if (request.method() == http::verb::head) {
    finish(http::response<http::empty_body>(status, 11));
  } else {
    http::response<http::string_body> message(status, 11);
    if (packed) {
      message.body() = std::move(*packed);
    } else {
      message.body() = reply.body;
    }
    finish(std::move(message));
  }
}

void Session::write(http::message_generator&& message) {
  const bool keep_alive = message.keep_alive();
  stream_.expires_after(kTimeout);
  beast::async_write(stream_, std::move(message),
                     [self = shared_from_this(), keep_alive](Error error, std::size_t) {
                       if (error || !keep_alive) return self->close();
                       self->await();
                     });
}

bool Session::from_loopback() const {
  Error error;
  const auto peer = stream_.socket().remote_endpoint(error);
  if (error) return false;
  const auto address = peer.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return make_address_v4(boost::asio::ip::v4_mapped, address.to_v6()).is_loopback();
  }
  return address.is_loopback();
}

}  // namespace weir
