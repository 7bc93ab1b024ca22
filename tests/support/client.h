// An HTTP client that is not weir's: Beast writes the requests and reads the answers, over one
// connection that is kept as long as both sides agree. Every call is bounded.
#pragma once

#include <memory>
#include <string>

#include "tests/support/http_text.h"
#include "tests/support/socket.h"

namespace weir::testing {

struct ClientRequest {
  std::string method = "GET";
  std::string target = "/";
  Headers headers = {};  // Host is added if it is not among them
  std::string body = {};
  bool chunked = false;
  Headers trailers = {};  // with chunked
};

class Client {
 public:
  explicit Client(const Address& address, milliseconds bound = kPatience);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Sends it and reads the answer. If none came, status is 0 and `reason` says why. Connects anew
  // if the connection has been closed.
  Response request(const ClientRequest& request);
  Response get(const std::string& target = "/", Headers headers = {});
  Response post(const std::string& target, std::string body, Headers headers = {});

  // In two steps. `method` is that of the request: answers to HEAD have no body.
  bool send(const ClientRequest& request);
  Response read(const std::string& method = "GET");

  Socket& socket();  // connected, for half_close(), reset() and the like
  bool connected() const;
  int connections() const;  // that it has made
  void disconnect();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One request over a connection of its own.
Response fetch(const Address& address, const ClientRequest& request = {});

// Parses a whole answer out of bytes; `rest` gets what follows it.
Response parse_response(const std::string& bytes, std::string* rest = nullptr,
                        bool head_only = false);

}  // namespace weir::testing
