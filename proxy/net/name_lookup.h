// Asks the system's resolver (getaddrinfo) for a name, on a thread that nothing waits for: a
// resolver that does not answer holds up neither the loop nor its end, nor the end of the process.
// libuv's thread pool would be joined there.
//
// Of an answer the first kMaxAddresses different addresses are told: the rest is left out.
//
// Owner and thread: the resolver, on its worker's loop. One lookup at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <vector>

#include <uv.h>

namespace weir {

// Whether both are the same address and port.
bool same_address(const sockaddr_storage& a, const sockaddr_storage& b);

class NameLookup {
 public:
  static constexpr std::size_t kMaxAddresses = 16;

  class Owner {
   public:
    // `error`: empty, or why there is no answer.
    virtual void on_answer(std::vector<sockaddr_storage> found, const std::string& error) = 0;

   protected:
    ~Owner() = default;
  };

  NameLookup() = default;
  ~NameLookup() { close(); }
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  bool open(uv_loop_t* loop, Owner& owner);
  void close();  // nothing is told any more; before the loop's last run
  bool busy() const { return busy_; }
  // False: there is no thread to be had.
  bool begin(const std::string& host, std::uint16_t port);

 private:
  struct Shared;
  static void ask(const std::shared_ptr<Shared>& shared, const std::string& host,
                  const std::string& port);
  void take_answer();

  Owner* owner_ = nullptr;
  std::shared_ptr<Shared> shared_;  // with the thread, which may outlive this
  bool busy_ = false;
};

}  // namespace weir
