// Where the fuzzers play: weir's own worker with its real connections and exchanges, its loop
// turned by the fuzzer's thread, one client in front of it and a service behind it, both over Unix
// sockets. All that is known of the worker's interface stands in stage.cc.
//
// One for a process, made at the first input and used for all of them: each input begins with no
// connection on either side, and reset() insists that none is left. Nothing here waits: bytes that
// are written are there at once, so a turn in which nothing moved means that weir is at rest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weir::fuzz {

// How bytes are cut into deliveries: 0: not at all; else by chance that depends on `seed` alone.
std::vector<std::string_view> cut(std::string_view bytes, std::uint8_t seed);

class Stage {
 public:
  // One end of a connection to weir, the client's or the service's.
  struct End {
    int fd = -1;
    std::string got;       // all of it
    std::size_t read = 0;  // of `got`; the owner's
    bool ended = false;    // weir closed it
    bool paused = false;   // this side does not read for now
  };

  // `config`: without listen and upstream.address. Limits of time should be long.
  explicit Stage(const std::string& config);
  ~Stage();
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Told when something came on a connection to the service, an end included.
  std::function<void(End&)> serve;

  End& connect();  // a new client; valid until reset()
  // Writes, and lets weir run until it rests. False: weir takes no more (on that connection).
  bool send(End& end, std::string_view bytes);
  void shut_down(End& end);  // FIN
  void close(End& end);
  void settle();
  // Writes without letting weir run: for serve().
  bool write(End& end, std::string_view bytes);
  // Writes as much as weir takes, letting it run; what it does not take at once it may never.
  std::size_t flood(End& end, std::string_view bytes);

  const std::vector<std::unique_ptr<End>>& service_ends() const { return service_; }

  // Requests that weir counted.
  struct Counts {
    std::uint64_t arrived = 0;
    std::uint64_t inside = 0;
    std::uint64_t ended_by_service = 0;  // whose answer was the service's
    std::uint64_t ended = 0;
  };
  Counts counts() const;  // since the last reset()

  // Closes everything, and fails if weir then holds a connection or a request.
  void reset();

 private:
  class Plane;  // the worker and what it needs
  bool read(End& end);
  bool accept_some();

  std::unique_ptr<Plane> plane_;
  int listener_ = -1;
  std::vector<std::unique_ptr<End>> clients_, service_;
  Counts before_;
};

}  // namespace weir::fuzz
