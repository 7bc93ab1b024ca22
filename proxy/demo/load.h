// The demo's load: open loop, each tenant a Poisson stream of its own rate, whatever comes back.
//
// Bounds: the loopback only, kMaxConnections keep-alive connections, kMaxPending requests that wait
// for one of them; what comes beyond is counted as not sent. Latency counts from the moment at
// which a request was meant to go out, so that a stall shows in full (no coordinated omission).
//
// Owner: the demo; the load runs on its own thread. stats() may be asked from any.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "proxy/demo/event_loop.h"
#include "proxy/demo/latency.h"

namespace weir::demo {

inline constexpr std::size_t kMaxConnections = 400;
inline constexpr std::size_t kMaxPending = 2'000;

struct Stream {
  std::string tenant;
  double per_second = 0;
};

// What one stream has seen since the start.
struct StreamNumbers {
  std::uint64_t sent = 0;                // heads written
  std::uint64_t not_sent = 0;            // beyond the bounds
  std::uint64_t failed = 0;              // the connection broke, or the answer made no sense
  std::map<int, std::uint64_t> answers;  // by status
  Latencies passed;                      // of answers below 400
};

class Load {
 public:
  // `host`: an IPv4 address of this machine.
  Load(const std::string& host, std::uint16_t port, std::vector<Stream> streams,
       std::uint64_t seed);
  ~Load();  // stops at once
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Sends nothing new from now on; under_way() falls to 0.
  void finish();
  std::size_t under_way() const;

  std::vector<StreamNumbers> stats() const;  // by stream
  // The latencies since the last call, by stream.
  std::vector<Latencies> take_latencies();

 private:
  struct Pending {
    std::size_t stream;
    Time meant;
  };
  struct Connection {
    Descriptor socket;
    bool connecting = true, busy = false;
    Pending request{};
    std::string unread;
  };
  void arrive();
  void dispatch(const Pending& request);
  void send(std::uint64_t id, const Pending& request);
  void on_event(std::uint64_t id);
  void on_readable(std::uint64_t id, Connection& connection);
  void take_answer(std::uint64_t id, Connection& connection);
  void drop(std::uint64_t id);
  void next_request(std::uint64_t id);
  Duration gap(std::size_t stream);

  std::string host_;
  std::uint16_t port_;
  std::vector<Stream> streams_;
  std::vector<std::string> texts_;  // the requests, by stream
  std::mt19937_64 random_;
  std::vector<Time> next_;
  EventLoop loop_;
  std::uint64_t next_id_ = 16;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::vector<std::uint64_t> idle_;  // newest last
  std::deque<Pending> pending_;

  mutable std::mutex mutex_;
  std::vector<StreamNumbers> numbers_;
  std::vector<Latencies> recent_;
  std::size_t under_way_ = 0;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace weir::demo
