// A service to stand before: small and honest. It serves 8 requests at a time, 10 ms each (M/D/8:
// 800/s at most) unless told otherwise, and lets the others wait in a line of its own, as a thread
// pool does. So without weir in front an overload shows here.
//
// Owner: the demo, or the command `weir sample`; the service runs on its own thread. stats() may
// be asked from any. It knows as much of HTTP/1.1 as it needs behind weir: no pipelining; a chunked
// request body ends the connection after the answer.
//
// Bounds: kMaxClients connections, each with one request in line at most and kMaxUnread bytes; none
// is taken while kMaxLine requests wait.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "proxy/demo/event_loop.h"
#include "proxy/net/listener.h"

namespace weir::demo {

inline constexpr int kPlaces = 8;
inline constexpr Duration kServiceTime = std::chrono::milliseconds(10);
inline constexpr int kServiceCapacity = 800;      // a second
inline constexpr std::size_t kMaxClients = 900;   // what comes beyond is closed at once
inline constexpr std::size_t kMaxLine = 100'000;  // those who left included
inline constexpr std::size_t kMaxUnread = 64 << 10;

struct SampleOptions {
  std::string listen = "127.0.0.1:0";  // as the config writes it
  int places = kPlaces;                // requests served at a time
  Duration service_time = kServiceTime;
  int fail_every = 0;  // every so-many-th answer is a 503; 0: none
};

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

  explicit SampleService(const SampleOptions& options = {});  // throws std::runtime_error
  ~SampleService();
  SampleService(const SampleService&) = delete;
  SampleService& operator=(const SampleService&) = delete;

  std::uint16_t port() const { return listener_.port(); }
  const std::string& address() const { return listener_.address(); }
  Numbers stats() const;

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

  SampleOptions options_;
  EventLoop loop_;
  ListeningSocket listener_;
  std::uint64_t next_id_ = 16;
  std::unordered_map<std::uint64_t, Connection> connections_;
  std::deque<std::uint64_t> line_;
  std::deque<Job> in_service_;  // by when they are due, all taking equally long
  mutable std::mutex mutex_;
  Numbers numbers_;
  std::uint64_t answered_ = 0;
  std::thread thread_;
};

}  // namespace weir::demo
