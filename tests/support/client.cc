#include "tests/support/client.h"

#include "tests/support/beast_stream.h"

namespace weir::testing {
namespace {

template <class Stream, class Buffer>
Response read_response(Stream& stream, Buffer& buffer, const std::string& method) {
  Response response;
  for (;;) {
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    parser.skip(method == "HEAD");
    beast::error_code ec;
    http::read_header(stream, buffer, parser, ec);
    if (ec) {
      response.reason = ec.message();
      response.complete = false;
      return response;
    }
    int status = static_cast<int>(parser.get().result_int());
    if (status >= 100 && status < 200 && status != 101) {
      response.interim.push_back(status);
      continue;
    }
    if (status != 101 && !parser.is_done()) http::read(stream, buffer, parser, ec);
    response.status = status;
    response.complete = !ec || ec == http::error::end_of_stream;
    response.reason = ec ? ec.message() : std::string(parser.get().reason());
    response.headers = copy_headers(parser.get());
    response.keep_alive = response.complete && parser.keep_alive();
    response.body = std::move(parser.get().body());
    return response;
  }
}

// Reads out of a string.
class TextStream {
 public:
  explicit TextStream(std::string_view text) : text_(text) {}
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, beast::error_code& ec) {
    std::size_t n = asio::buffer_copy(buffers, asio::buffer(text_));
    ec = {};
    if (n == 0 && asio::buffer_size(buffers) > 0) ec = asio::error::eof;
    text_.remove_prefix(n);
    return n;
  }
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    beast::error_code ec;
    return read_some(buffers, ec);
  }
  std::string_view left() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace

struct Client::State {
  Address address;
  milliseconds bound;
  Socket socket;
  beast::flat_buffer buffer;
  int connections = 0;
};

namespace {

// As browsers write it; a Unix socket has none.
std::string host_of(const Address& address) {
  return address.path.empty() ? address.text() : "localhost";
}

}  // namespace

Client::Client(const Address& address, milliseconds bound) : state_(new State) {
  state_->address = address;
  state_->bound = bound;
}

Client::~Client() = default;

Socket& Client::socket() {
  if (!state_->socket.open()) {
    state_->socket = Socket::connect(state_->address);
    ++state_->connections;
    state_->buffer.clear();
  }
  return state_->socket;
}

bool Client::connected() const { return state_->socket.open(); }
int Client::connections() const { return state_->connections; }
void Client::disconnect() { state_->socket.close(); }

bool Client::send(const ClientRequest& request) {
  http::request<http::string_body> message;
  message.method_string(request.method);
  message.target(request.target);
  for (const auto& [name, value] : request.headers) message.insert(name, value);
  if (!request.headers.find("host")) message.set(http::field::host, host_of(state_->address));
  message.body() = request.body;
  bool has_body = !request.body.empty() || request.method == "POST" || request.method == "PUT";
  if (request.chunked) {
    message.chunked(true);
  } else if (has_body && !request.headers.find("content-length")) {
    message.content_length(request.body.size());
  }
  BeastStream stream(socket(), state_->bound);
  beast::error_code ec;
  if (!request.chunked) {
    http::write(stream, message, ec);
    return !ec;
  }
  http::request<http::empty_body> head(message.base());
  http::request_serializer<http::empty_body> serializer(head);
  http::write_header(stream, serializer, ec);
  constexpr std::size_t kChunk = 16'000;
  for (std::size_t at = 0; !ec && at < request.body.size(); at += kChunk) {
    std::size_t size = std::min(kChunk, request.body.size() - at);
    asio::write(stream, http::make_chunk(asio::buffer(request.body.data() + at, size)), ec);
  }
  http::fields trailers;
  for (const auto& [name, value] : request.trailers) trailers.insert(name, value);
  if (!ec) asio::write(stream, http::make_chunk_last(trailers), ec);
  return !ec;
}

Response Client::read(const std::string& method) {
  BeastStream stream(socket(), state_->bound);
  Response response = read_response(stream, state_->buffer, method);
  if (!response.keep_alive && response.status != 101) disconnect();
  return response;
}

Response Client::request(const ClientRequest& request) {
  send(request);  // if it fails, there may be an answer all the same
  return read(request.method);
}

Response Client::get(const std::string& target, Headers headers) {
  ClientRequest r;
  r.target = target;
  r.headers = std::move(headers);
  return request(r);
}

Response Client::post(const std::string& target, std::string body, Headers headers) {
  ClientRequest r;
  r.method = "POST";
  r.target = target;
  r.body = std::move(body);
  r.headers = std::move(headers);
  return request(r);
}

Response fetch(const Address& address, const ClientRequest& request) {
  return Client(address).request(request);
}

Response parse_response(const std::string& bytes, std::string* rest, bool head_only) {
  TextStream stream(bytes);
  beast::flat_buffer buffer;
  Response response = read_response(stream, buffer, head_only ? "HEAD" : "GET");
  if (rest) *rest = beast::buffers_to_string(buffer.data()) + std::string(stream.left());
  return response;
}

}  // namespace weir::testing
