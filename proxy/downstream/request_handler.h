// What a client's connection hands its requests to, and the worker that lends such handlers.
//
// A handler is one request's life (Exchange). Between it and its connection the pointers are cut by
// the one that goes first. Thread: the worker's.
#pragma once

#include <cstddef>
#include <string_view>

#include "filters/time.h"
#include "proxy/context/worker_context.h"

namespace weir {

class DownstreamConnection;
struct AccessRecord;
struct Settings;
enum class MessageError : std::uint8_t;

class RequestHandler {
 public:
  RequestHandler() = default;
  RequestHandler(const RequestHandler&) = delete;
  RequestHandler& operator=(const RequestHandler&) = delete;

  // Both take a copy of a head. find(): of the one that `bytes` begin with, and says its size; 0 if
  // it is not there whole, or not right. read(): of one that HeadScan has found; says what is
  // wrong. On 0, or any other answer than none, call release_unused().
  virtual std::size_t find(DownstreamConnection& client, std::string_view bytes) = 0;
  virtual MessageError read(DownstreamConnection& client, std::string_view text) = 0;
  virtual void release_unused() = 0;
  // What is known of a head that was refused, for the access log.
  virtual void describe_refused(AccessRecord& record) const = 0;

  virtual void begin() = 0;
  virtual void on_client_bytes() = 0;
  virtual void on_client_backlog() = 0;
  virtual void on_client_drained() = 0;
  virtual void on_client_gone() = 0;  // its connection is closed already
  virtual void on_body_timeout(Time now) = 0;

  // Of the snapshot that it began with.
  virtual const Settings& settings() const = 0;

 protected:
  ~RequestHandler() = default;
};

// A worker, as client connections see it.
class DownstreamHost : public WorkerContext {
 public:
  using WorkerContext::WorkerContext;
  virtual RequestHandler& take_handler() = 0;
  // Every connection is in the worker's list from its start to its end.
  virtual void add(DownstreamConnection& client) = 0;
  virtual void remove(DownstreamConnection& client) = 0;

 protected:
  ~DownstreamHost() override = default;
};

}  // namespace weir
