#include "proxy/admin/admin_server.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <thread>
#include <tuple>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>

#include "proxy/admin/session.h"

namespace weir {

namespace asio = boost::asio;
using asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr auto kAcceptPause = std::chrono::milliseconds(200);

}  // namespace

class AdminServer::State {
 public:
  explicit State(PageFinder find) : find_(std::move(find)) {}
  ~State() {
    context_.stop();
    if (thread_.joinable()) thread_.join();
  }

  Error listen(const Endpoint& endpoint) {
    Error error;
    const auto address =
        asio::ip::make_address(endpoint.both_families ? "::" : endpoint.host, error);
    if (error) return error;
    const tcp::endpoint at(address, endpoint.port);
    acceptor_.open(at.protocol(), error);
    if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error && address.is_v6()) {
      acceptor_.set_option(asio::ip::v6_only(!endpoint.both_families), error);
    }
    if (!error) acceptor_.bind(at, error);
    if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
    return error;
  }

  void run() {
    accept();
    thread_ = std::thread([this] { context_.run(); });
  }

  tcp::endpoint local() const {
    Error ignored;
    return acceptor_.local_endpoint(ignored);
  }

 private:
  void accept() {
    acceptor_.async_accept([this](Error error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return pause();  // out of descriptors: not a busy loop
      admit(std::move(socket));
      accept();
    });
  }

  void pause() {
    timer_.expires_after(kAcceptPause);
    timer_.async_wait([this](Error error) {
      if (!error) accept();
    });
  }

  void admit(tcp::socket socket) {
    if (open_.size() >= 2 * kMaxConnections) return;  // they are closing; this socket closes too
    if (open_.size() >= kMaxConnections) make_room();
    Error ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    std::make_shared<Session>(std::move(socket), find_, open_)->start();
  }

  // A health check gets through, whatever the others do: of the address that has most connections,
  // one goes that waits for a request or for the rest of one, else one that does not take its
  // answer; the one that has done so for longest.
  void make_room() {
    std::map<SessionPeer, std::ptrdiff_t> connections;
    for (const Session* session : open_) ++connections[session->peer()];
    const auto first = std::ranges::min_element(open_, {}, [&](const Session* session) {
      return std::tuple(session->closed(), -connections[session->peer()], !session->waits());
    });
    (*first)->close();
  }

  PageFinder find_;
  Sessions open_;  // outlives the context, whose pending operations hold the sessions
  asio::io_context context_{1};
  tcp::acceptor acceptor_{context_};
  asio::steady_timer timer_{context_};
  std::thread thread_;
};

AdminServer::AdminServer(std::unique_ptr<State> state) : state_(std::move(state)) {}
AdminServer::~AdminServer() = default;

AdminServer::StartResult AdminServer::start(const Endpoint& listen, std::vector<Page> pages,
                                            const std::string& setting) {
  return start(listen, find_among(std::move(pages)), setting);
}

AdminServer::StartResult AdminServer::start(const Endpoint& listen, PageFinder find,
                                            const std::string& setting) {
  std::unique_ptr<State> state;
  Error error;
  try {  // its loop takes descriptors
    state = std::make_unique<State>(std::move(find));
    error = state->listen(listen);
  } catch (const boost::system::system_error& thrown) {
    error = thrown.code();
  }
  if (error) {
    return {nullptr, "cannot listen on " + listen.text + " (" + setting + "): " + error.message()};
  }
  state->run();
  return {std::unique_ptr<AdminServer>(new AdminServer(std::move(state))), {}};
}

std::uint16_t AdminServer::port() const { return state_->local().port(); }

std::string AdminServer::address() const {
  const tcp::endpoint at = state_->local();
  const auto address = at.address();
  const std::string host = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
  return "http://" + host + ":" + std::to_string(at.port());
}

}  // namespace weir
