// What one worker counts. A single writer, the worker's thread; read by the scrape from another.
//
// Two kinds of numbers. The ledger (arrivals, inside, ended, by tenant) is written and read inside
// a pass of the gate, so that arrivals = ended + inside holds exactly in every scrape. Everything
// else is a relaxed atomic that only its worker writes: a plain store, no lock prefix.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <vector>

#include "filters/gate.h"
#include "filters/labeled_counter.h"
#include "filters/time.h"

namespace weir {

// Written by one thread, read by any.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void subtract(std::uint64_t n = 1) { add(~n + 1); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// A Histogram (same bounds) that one thread writes and any reads.
class SharedHistogram {
 public:
  void observe(Duration d);
  Histogram read() const;

 private:
  std::array<Counter, Histogram::kBounds.size() + 1> counts_;
  Counter sum_nanoseconds_;
};

// Histograms by index that one thread writes and any reads, and to which another may append.
class HistogramList {
 public:
  static constexpr std::size_t kChunk = 64, kMost = 65 * kChunk;

  explicit HistogramList(std::size_t size) { grow(size); }
  ~HistogramList();
  HistogramList(const HistogramList&) = delete;
  HistogramList& operator=(const HistogramList&) = delete;

  // At least that many, kMost at most. One caller at a time.
  void grow(std::size_t size);
  std::size_t size() const { return size_.load(std::memory_order_acquire); }
  // Beyond the size: the last one.
  SharedHistogram& operator[](std::size_t i) { return at(i); }
  const SharedHistogram& operator[](std::size_t i) const { return at(i); }

 private:
  using Chunk = std::array<SharedHistogram, kChunk>;
  SharedHistogram& at(std::size_t i) const {
    i = std::min(i, size() - 1);
    return (*chunks_[i / kChunk].load(std::memory_order_acquire))[i % kChunk];
  }
  std::array<std::atomic<Chunk*>, kMost / kChunk> chunks_{};
  std::atomic<std::size_t> size_{0};
};

enum class Source : std::uint8_t { service, weir };
enum class Side : std::uint8_t { downstream, upstream };

enum class AttemptResult : std::uint8_t {
  response,      // a response head came, whatever its status, below 500
  server_error,  // a response head with a status of 500 or above
  connect_failure,
  reset,
  malformed,  // truncated heads too
  timeout,
  cancelled,  // the client left, or the request ended otherwise
  count_,
};

enum class TunnelProtocol : std::uint8_t { websocket, other };

// How a tunnel ended.
enum class TunnelEnd : std::uint8_t {
  closed,          // by both sides, each after its last byte
  client_failed,   // the client's connection was reset
  service_failed,  // the service's was
  idle_timeout,
  drain,  // cut at drain.timeout
  count_,
};

// Why a client's connection was closed before a byte of it was read.
enum class ConnectionRefusal : std::uint8_t {
  max_connections,
  client_connections,  // limits.max_connections_per_client
  no_descriptors,
  count_,
};

// The words of the labels `source`, `side`, `result`, `protocol` and `reason`.
std::string_view to_string(Source source);
std::string_view to_string(Side side);
std::string_view to_string(AttemptResult result);
std::string_view to_string(TunnelProtocol protocol);
std::string_view to_string(TunnelEnd end);
std::string_view to_string(ConnectionRefusal reason);

enum class MessageError : std::uint8_t;  // proxy/http1/head_parser.h; at most 64 of them

class WorkerMetrics {
 public:
  // `labels`: tenant labels ("other" included); `routes`: route labels.
  WorkerMetrics(std::uint32_t labels, std::uint32_t routes);
  // There are more of them after a reload; never fewer. Not inside a pass, one caller at a time;
  // makes a pass that moves the ledger.
  void grow(std::uint32_t labels, std::uint32_t routes, Gate& gate);

  // --- the ledger: inside a pass of the gate only
  void arrived(std::uint32_t label);
  void ended(std::uint32_t label, std::uint16_t code, Source source);
  struct Codes {  // ended requests by code and source, unordered, few
    struct Row {
      std::uint16_t code;
      Source source;
      std::uint64_t count;
    };
    std::vector<Row> rows;
  };
  struct Ledger {
    std::uint64_t arrivals = 0;
    std::uint64_t inside = 0;
    Codes ended;
  };
  const std::vector<Ledger>& ledger() const { return ledger_; }  // by label
  // Final refusals that no filter made (draining, tenant_denied, tenant_unknown, no_route); the
  // others are in Filter::rejected. Together they are weir_rejected_total.
  LabeledCounter rejected;

  // --- the worker's own
  std::array<Counter, 64> bad_requests;        // by MessageError
  std::array<Counter, 2> responses_truncated;  // by Side: who cut it
  std::array<Counter, static_cast<std::size_t>(AttemptResult::count_)> attempts;
  Counter resends;  // attempts sent once more, since a reused connection had died
  std::array<Counter, 2> connections_active;  // by Side; a gauge
  std::array<Counter, static_cast<std::size_t>(ConnectionRefusal::count_)> connections_refused;
  Counter connections_evicted;     // idle ones of clients, for newcomers
  Counter tunnels_active;          // a gauge
  std::array<Counter, 2> tunnels;  // that were opened, by TunnelProtocol
  std::array<Counter, static_cast<std::size_t>(TunnelEnd::count_)> tunnels_ended;
  std::array<Counter, 2> tunnel_bytes;  // by Side: towards the client, towards the service
  HistogramList request_duration;       // by route
  HistogramList upstream_duration;      // by route
  SharedHistogram overhead;
  SharedHistogram loop_lag;  // how late alarms ring

 private:
  std::vector<Ledger> ledger_;
};

}  // namespace weir
