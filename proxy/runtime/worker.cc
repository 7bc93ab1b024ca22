#include "proxy/runtime/worker.h"

#include <algorithm>
#include <array>
#include <poll.h>
#include <unistd.h>
#include <utility>

#include "proxy/clock/clock.h"
#include "proxy/context/access_log.h"
#include "proxy/downstream/downstream_connection.h"
#include "proxy/downstream/idle_eviction.h"
#include "proxy/exchange/exchange.h"
#include "proxy/http/reply.h"

namespace weir {

namespace {

constexpr std::size_t kMailAtOnce = 32;
// So often before the sockets have their turn again.
constexpr int kMailRounds = 4;
// For each connection that a look for idle ones goes over; ten times what that takes.
constexpr Duration kEvictionPause = std::chrono::microseconds(1);

}  // namespace

Worker::Worker(SharedState& shared, WorkerMetrics& metrics)
    : DownstreamHost(shared, metrics), loop_lag_(timers_, metrics.loop_lag) {}

Worker::~Worker() { join(); }

void Worker::set_access_log(std::unique_ptr<AccessLog> log) { access_log_ = std::move(log); }

std::string Worker::start(const ListeningSocket& socket) {
  std::string error = open(socket);
  if (!error.empty()) return error;
  thread_ = std::thread([this] { run(); });
  return {};
}

std::string Worker::open(const ListeningSocket& socket) {
  std::string error = loop_.open(*this);
  if (!loop_.is_open()) return "cannot start a worker: " + error;
  const bool open = error.empty() && timers_.open(loop_.native()) &&
                    acceptor_.open(loop_.native(), socket, *this);
  if (!open && error.empty()) error = "out of file descriptors";
  take_newest_snapshot();
  if (open) loop_lag_.start();
  thread_id_ = std::this_thread::get_id();
  if (open) return {};
  acceptor_.close();
  close_if_finished();  // nothing has begun
  loop_.close();
  return "cannot start a worker: " + error;
}

void Worker::run() {
  thread_id_ = std::this_thread::get_id();
  while (turn(true)) {
  }
}

bool Worker::turn(bool wait) {
  tidy_up();
  return loop_.turn(wait && !mail_came_);
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

// --- mail

void Worker::notify() {
  if (std::this_thread::get_id() == thread_id_) {
    mail_came_ = true;
  } else {
    loop_.wake_up();
  }
}

void Worker::on_wake_up() {
  mail_came_ = true;
  if (generation() < shared_.generation()) take_newest_snapshot();
  if (shed_one_.exchange(false, std::memory_order_relaxed)) {
    snapshot_refs_.back()->upstream.pool.close_oldest();
  }
  if (evict_.exchange(false, std::memory_order_relaxed)) evict_idle();
  const std::int64_t deadline = drain_deadline_.load(std::memory_order_acquire);
  if (deadline != INT64_MAX) begin_drain(Time{Duration{deadline}});
}

void Worker::tidy_up() {
  for (int rounds = kMailRounds; mail_came_ && rounds != 0; --rounds) deliver_mail();
  poller_.flush();
  exchanges_.recycle();
  if (superseded_) drop_unused();
  if (draining_) close_if_finished();
  poller_.delete_closed();
}

// --- snapshots

void Worker::take_newest_snapshot() {
  if (closed_) return;
  const std::uint64_t generation = shared_.generation();
  std::shared_ptr<const Snapshot> snapshot = shared_.snapshot();
  Upstream& upstream = upstream_of(*snapshot);
  snapshot_refs_.push_back(std::make_unique<SnapshotRef>(std::move(snapshot), upstream));
  ++upstream.snapshots;
  for (const auto& other : upstreams_) {
    if (other.get() != &upstream) other->pool.supersede();
  }
  superseded_ = snapshot_refs_.size() > 1;
  generation_.store(generation, std::memory_order_release);
  shared_.taken();
}

Upstream& Worker::upstream_of(const Snapshot& snapshot) {
  const Endpoint& address = snapshot.settings.upstream.address;
  for (const auto& upstream : upstreams_) {
    if (upstream->resolver.endpoint().text == address.text && !upstream->pool.superseded()) {
      return *upstream;
    }
  }
  upstreams_.push_back(std::make_unique<Upstream>(*this));
  upstreams_.back()->resolver.open(loop_.native(), address);
  return *upstreams_.back();
}

// Snapshots that no exchange of this worker's uses any more, and services that none of the rest
// name.
void Worker::drop_unused() {
  const SnapshotRef* current = snapshot_refs_.back().get();
  const std::size_t before = snapshot_refs_.size();
  std::erase_if(snapshot_refs_, [&](const auto& ref) {
    if (ref.get() == current || ref->exchanges != 0) return false;
    --ref->upstream.snapshots;
    return true;
  });
  for (const auto& upstream : upstreams_) {
    if (upstream->snapshots == 0) upstream->resolver.close();
  }
  std::erase_if(upstreams_, [](const auto& upstream) {
    return upstream->snapshots == 0 && upstream->pool.open() == 0;
  });
  superseded_ = snapshot_refs_.size() > 1 || upstreams_.size() > 1;
  if (snapshot_refs_.size() != before && shared_.on_released) shared_.on_released();
}

// What was granted goes on, unless its client has left by now. The mail is taken in one pass, the
// sockets are asked in one system call; each request then has a pass of its own.
void Worker::deliver_mail() {
  mail_came_ = false;
  std::array<Exchange*, kMailAtOnce> mail;
  std::array<pollfd, kMailAtOnce> sockets;
  std::size_t n = 0;
  {
    const Gate::Pass pass(gate());
    while (n < kMailAtOnce) {
      Request* request = take();
      if (request == nullptr) break;
      mail[n++] = &Exchange::of(*request);
    }
  }
  if (n == 0) return;
  mail_came_ = n == kMailAtOnce;  // there may be more
  for (std::size_t i = 0; i < n; ++i) sockets[i] = {mail[i]->client_descriptor(), POLLRDHUP, 0};
  if (::poll(sockets.data(), n, 0) < 0) sockets = {};
  for (std::size_t i = 0; i < n; ++i) {
    const bool gone = (sockets[i].revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
    mail[i]->on_mail(gone);
  }
}

// --- connections and exchanges

void Worker::on_accepted(int fd, const sockaddr_storage& peer) {
  const std::int64_t most = shared_.max_clients.load(std::memory_order_relaxed);
  const std::int64_t open = shared_.clients.fetch_add(1, std::memory_order_relaxed);
  if (open >= most && !evict_idle()) {
    for (WorkerPeer* other : shared_.workers) {
      if (other != this) other->evict_idle_clients();
    }
    return refuse_connection(fd, ConnectionRefusal::max_connections);
  }
  const ClientAddress address = ClientAddress::of(peer);
  std::uint64_t counted_as = 0;
  if (!count_client(address, counted_as)) {
    return refuse_connection(fd, ConnectionRefusal::client_connections);
  }
  DownstreamConnection::accept(*this, fd, address, counted_as);
}

// False: no connection could give way, or this was tried a moment ago.
bool Worker::evict_idle() {
  const Time now = read_clock();
  if (now < evicts_again_) return false;
  const std::int64_t looked_at = shared_.clients.load(std::memory_order_relaxed);
  evicts_again_ = saturating_add(now, kEvictionPause * looked_at);
  const std::size_t closed = weir::evict_idle(clients_);
  metrics_.connections_evicted.add(closed);
  return closed != 0;
}

void Worker::on_out_of_descriptors() {
  metrics_.connections_refused[static_cast<std::size_t>(ConnectionRefusal::no_descriptors)].add();
}

// False: this address has as many as it may have. Those who come by a trusted proxy are counted by
// the request, and the proxy not at all.
bool Worker::count_client(const ClientAddress& address, std::uint64_t& counted_as) {
  const Settings& settings = snapshot().settings;
  const std::int64_t most = settings.limits.max_connections_per_client;
  if (most == 0 || !address.known || is_trusted(settings.trusted_proxies, address)) return true;
  counted_as = shared_.client_counts.add(address.identity(), most);
  return counted_as != 0;
}

// Answered without reading a byte, as far as the socket takes it at once.
void Worker::refuse_connection(int fd, ConnectionRefusal why) {
  shared_.clients.fetch_sub(1, std::memory_order_relaxed);
  metrics_.connections_refused[static_cast<std::size_t>(why)].add();
  Outcome outcome;
  outcome.type = Outcome::Type::refused;
  outcome.reason = why == ConnectionRefusal::max_connections ? Reason::max_connections
                                                             : Reason::client_connections;
  ReplyContext context;
  context.name = snapshot().settings.name;
  context.date = date();
  context.close = true;
  HeadWriter out(write_scratch_);
  write_reply(out, body_scratch_, reply_to(outcome), context);
  const std::string_view text = out.text();
  // What it has sent is read, as a reset would else overtake the answer.
  std::array<char, Poller::kSlot> unread;
  [[maybe_unused]] ssize_t done = ::recv(fd, unread.data(), unread.size(), MSG_DONTWAIT);
  done = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
  ::close(fd);
}

void Worker::add(DownstreamConnection& client) {
  metrics_.connections_active[static_cast<std::size_t>(Side::downstream)].add();
  client.next_ = clients_;
  client.back_ = &clients_;
  if (clients_ != nullptr) clients_->back_ = &client.next_;
  clients_ = &client;
  memory_return_.opened();
}

void Worker::remove(DownstreamConnection& client) {
  metrics_.connections_active[static_cast<std::size_t>(Side::downstream)].subtract();
  shared_.clients.fetch_sub(1, std::memory_order_relaxed);
  memory_return_.closed();
  *client.back_ = client.next_;
  if (client.next_ != nullptr) client.next_->back_ = client.back_;
}

RequestHandler& Worker::take_handler() { return exchanges_.take(); }

// Of what is kept for the next borrower.
void Worker::let_go() {
  buffers_.release_kept();
  exchanges_.release_kept();
}

void Worker::ask_others_for_room() {
  if (shared_.draining.load(std::memory_order_relaxed)) return;
  for (WorkerPeer* other : shared_.workers) {
    if (other != this) other->close_an_idle_connection();
  }
}

void Worker::close_an_idle_connection() {
  shed_one_.store(true, std::memory_order_relaxed);
  loop_.wake_up();
}

void Worker::evict_idle_clients() {
  evict_.store(true, std::memory_order_relaxed);
  loop_.wake_up();
}

// --- the end

void Worker::drain(Time deadline) {
  drain_deadline_.store(deadline.time_since_epoch().count(), std::memory_order_release);
  loop_.wake_up();
}

void Worker::begin_drain(Time deadline) {
  if (!draining_) {
    draining_ = true;
    acceptor_.accept_waiting();
    acceptor_.close();
    for (const auto& upstream : upstreams_) upstream->pool.close_all();
    const Time now = read_clock();
    for (DownstreamConnection* client = clients_; client != nullptr; client = client->next_) {
      client->begin_grace(now);
    }
  }
  if (closed_) return;
  timers_.set(*this, deadline);
  if (deadline <= read_clock()) cut();
}

void Worker::close_idle_clients() {
  for (DownstreamConnection* client = clients_; client != nullptr;) {
    DownstreamConnection* next = client->next_;
    client->close_if_idle();
    client = next;
  }
}

void Worker::on_timer() { cut(); }

// An idle connection is closed, not cut: nothing of it is lost.
void Worker::cut() {
  close_idle_clients();
  if (exchanges_.active() != 0 || clients_ != nullptr) {
    had_to_cut_.store(true, std::memory_order_release);
  }
  exchanges_.abort_all_at_drain();
  while (clients_ != nullptr) clients_->drop();
}

void Worker::close_if_finished() {
  if (closed_ || exchanges_.active() != 0 || clients_ != nullptr) return;
  closed_ = true;
  for (const auto& upstream : upstreams_) {
    upstream->pool.close_all();
    upstream->resolver.close();
  }
  generation_.store(UINT64_MAX, std::memory_order_release);
  shared_.taken();
  timers_.cancel(*this);
  loop_lag_.stop();
  memory_return_.stop();
  timers_.close();
  loop_.stop_wake_ups();
}

}  // namespace weir
