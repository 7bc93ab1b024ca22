// An HTTP service of the tests' own: scripted by a handler, and counting exactly.
//
// Beast parses what comes; answers are written out as the script says, faults included. Each
// connection has a thread. A request counts as inside from its head until just before its answer's
// last byte is written, so that who reads that byte and sends the next request at once is never
// counted twice.
//
// Nothing here delays by sleeping: a Hold keeps answers back until the test releases them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/http_text.h"
#include "tests/support/socket.h"

namespace weir::testing {

// A barrier: what comes to it waits until it is released, or until its peer goes away.
class Hold {
 public:
  Hold();
  ~Hold();
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  void release(std::uint64_t count = 1);
  void open();  // for all that come from now on, too
  int waiting() const { return waiting_; }

 private:
  friend class Service;
  bool pass(const Socket& socket);  // false: the peer went away, or the service stops
  int event_;
  std::atomic<int> waiting_{0};
};

struct ServiceRequest {
  std::uint64_t number = 0;         // from 1, by the order of heads
  std::uint64_t connection = 0;     // from 1
  std::uint64_t on_connection = 0;  // from 1
  std::string method, target, version;
  Headers headers, trailers;
  std::string body;
  bool chunked = false;
};

struct Reply {
  enum class Framing { content_length, chunked, until_close, none };
  enum class Then { keep_alive, close, reset, silence };  // silence: until the peer goes away

  int status = 200;
  Headers headers;
  std::string body = "ok\n";
  Framing framing = Framing::content_length;
  Headers trailers;                 // with chunked
  std::string interim;              // written before the head, as it stands
  std::string raw;                  // if not empty: written instead of head and body
  std::shared_ptr<Hold> hold;       // before the first byte
  std::shared_ptr<Hold> hold_body;  // within the body, after `hold_at` bytes
  std::size_t hold_at = 0;
  std::size_t cut_at = std::numeric_limits<std::size_t>::max();  // `then` comes after so much body
  Then then = Then::keep_alive;

  static Reply text(int status, std::string body = "ok\n");
  static Reply held(std::shared_ptr<Hold> hold, std::string body = "ok\n");
  static Reply fault(Then then);  // instead of an answer

  std::string head() const;  // as it is written, empty line included
};

struct ServiceOptions {
  Address address = {};                    // port 0: any free one
  bool answer_early = false;               // on the head, without reading the body
  std::shared_ptr<Hold> hold_bodies = {};  // before a request's body is read
  int receive_buffer = 0;                  // SO_RCVBUF of connections; 0: the system's
};

class Service {
 public:
  using Handler = std::function<Reply(const ServiceRequest&)>;  // from many threads at once

  struct Counts {
    std::uint64_t connections = 0;  // accepted
    std::uint64_t open = 0;         // connections, now
    std::uint64_t begun = 0;        // request heads
    std::uint64_t ended = 0;        // answered, failed on purpose, or given up
    std::uint64_t answered = 0;     // of these: the answer was written whole
    std::uint64_t given_up = 0;     // of these: the peer went away before
    std::uint64_t inside = 0, max_inside = 0;
    // The same without those that say x-leaves: that they were cut off, the service hears a moment
    // after whoever did it has let in the next, or not at all.
    std::uint64_t staying = 0, max_staying = 0;
    std::uint64_t bodies = 0;      // request bodies that came whole
    std::uint64_t body_bytes = 0;  // of these
    std::uint64_t malformed = 0;   // what Beast refused
  };

  explicit Service(Handler handler = {}, ServiceOptions options = {});
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  const Address& address() const { return listener_.address(); }
  std::string text() const { return address().text(); }  // for weir's config

  Counts counts() const;
  std::vector<ServiceRequest> requests() const;  // the first 1,000, bodies up to 1 MiB
  ServiceRequest last_request() const;           // throws std::out_of_range if none came

  void close_idle();  // all connections that are between two requests
  void stop();        // all; the port is free again

 private:
  struct Connection;
  void accept_all();
  void serve(Connection& connection);
  bool serve_one(Connection& connection, void* buffer);
  bool answer(Connection& connection, const ServiceRequest& request);
  bool write_body(Connection& connection, const ServiceRequest& request, const Reply& reply,
                  const std::string& head);
  bool finish(Connection& connection, Reply::Then then, bool keep_alive);
  void begun(ServiceRequest& request);
  void ended(const ServiceRequest& request, bool answered, bool given_up);
  void remember(const ServiceRequest& request);
  void reap(bool all);

  Handler handler_;
  ServiceOptions options_;
  Listener listener_;
  mutable std::mutex mutex_;
  Counts counts_;
  std::vector<ServiceRequest> requests_;
  std::list<std::unique_ptr<Connection>> connections_;
  bool stopping_ = false;
  std::thread acceptor_;
};

}  // namespace weir::testing
