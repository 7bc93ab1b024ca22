// The demo's service: small and honest. It serves 8 requests at a time, 10 ms each (M/D/8: 800/s at
// most), and lets the others wait in a line of its own without a bound, as a thread pool does. So
// without weir in front an overload shows here.
//
// Owner: the demo; the service runs on its own thread. numbers() may be asked from any. It knows as
// much of HTTP/1.1 as it needs behind weir: no pipelining; a chunked request body ends the
// connection after the answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "proxy/demo/event_loop.h"

namespace weir::demo {

inline constexpr int kPlaces = 8;
inline constexpr Duration kServiceTime = std::chrono::milliseconds(10);
inline constexpr int kServiceCapacity = 800;  // a second

class SampleService {
 public:
  struct Numbers {
    int busy = 0;             // places in use now
    int most_busy = 0;        // ever
    std::size_t waiting = 0;  // in its own line
    std::size_t most_waiting = 0;
    std::uint64_t served = 0;
    Duration worked{0};  // the places' busy time together
  };

  SampleService();  // throws std::runtime_error
  ~SampleService();
  SampleService(const SampleService&) = delete;
  SampleService& operator=(const SampleService&) = delete;

  std::uint16_t port() const { return port_; }
  Numbers numbers() const;

 private:
  struct Connection {
    Descriptor socket;
    std::string unread;
    std::size_t body_left = 0;
    bool reading_body = false, waiting = false, close_after = false, head_only = false;
  };
  struct Job {
    std::uint64_t connection;
    Time due;
  };
  void accept_all();
  void read(std::uint64_t id);
  bool take_request(Connection& connection);
  void enqueue(std::uint64_t id);
  void start_jobs(Time now);
  void finish_jobs();
  void answer(std::uint64_t id);

  std::uint16_t port_ = 0;
  EventLoop loop_;
  Descriptor listener_;
  std::uint64_t next_id_ = 16;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::deque<std::uint64_t> line_;
  std::deque<Job> in_service_;  // by when they are due, all taking equally long
  mutable std::mutex mutex_;
  Numbers numbers_;
  std::thread thread_;
};

}  // namespace weir::demo
