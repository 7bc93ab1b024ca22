// One request, as the chain sees it: who it is for, how far it has come, and the visits it has at
// the filters. No HTTP in here.
//
// Owner and threads: an exchange of the data plane owns it; its worker's thread alone enters its
// visits, always inside a pass of the gate. The fields in the first block are the data plane's: it
// writes them from the worker's thread, outside the gate or in, and filters only read them.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "filters/local_reply.h"
#include "filters/outcome.h"
#include "filters/tenant.h"
#include "filters/time.h"

namespace weir {

class WaitableResource;
class Chain;
class Mailbox;
class Visit;

// The most filters that a chain may have, the upstream's pool and tenant.new_keys included.
inline constexpr std::size_t kMaxFilters = 18;
// The most different `key:`s that the filters of a chain may use.
inline constexpr std::size_t kMaxKeys = 8;
// A visit's room inside the request.
inline constexpr std::size_t kVisitSize = 176;

// The right to one unit of a cause's capacity, reserved for a request that waited for it. It is
// taken by the limiter on the way inward, or passed on to the next in line.
struct Grant {
  WaitableResource* cause = nullptr;
  Time before{};  // for a bucket: its state before and after the charge
  Time after{};
  Duration size{0};        // and what was charged
  std::uint64_t pass = 0;  // the pass of the gate in which it was granted
};

// Until when the timeouts around a visit let it work. Those that stand still while weir waits for
// the client's body are counted as if it had never been waited for.
struct Deadline {
  Time absolute = kNever;
  Time pausable = kNever;

  Time at(Duration client_waited) const {
    return std::min(absolute, saturating_add(pausable, client_waited));
  }
};

// An alarm that a request wants. `exact` ones deserve a precise timer; the others may ring a tick
// late.
inline constexpr Duration kAlarmTick = std::chrono::milliseconds(10);
struct Alarm {
  Time at = kNever;
  bool exact = false;
};

class Request {
 public:
  Request() = default;  // the arrays are written before they are read
  virtual ~Request() = default;
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  // --- set by the data plane before the request arrives
  const Tenant* tenant = nullptr;  // never null once it arrives
  std::uint32_t tenant_label = 0;
  std::array<std::uint64_t, kMaxKeys> keys{};  // keys[i]: the hash of the chain's i-th key
  std::string_view method;
  Mailbox* mailbox = nullptr;  // of the worker that owns it; null: nobody needs to be told

  // --- kept current by the data plane
  bool replayable = true;     // the whole body, as far as it has come, is still held
  bool abandoned = false;     // the client left; the service's answer is awaited all the same
  bool committed = false;     // the response's head is on its way to the client
  std::uint32_t reached = 0;  // attempts of which at least one byte was handed to the service
  Time progress{};            // when a byte of the response last moved
  // The time in which weir waited for the client to send its body: `client_wait` before, and
  // ongoing since `client_wait_since` unless that is kNever.
  Duration client_wait{0};
  Time client_wait_since = kNever;

  Duration client_waited(Time at) const {
    return client_wait + (client_wait_since == kNever ? Duration{0} : at - client_wait_since);
  }
  void client_wait_begins(Time at) {
    if (client_wait_since == kNever) client_wait_since = at;
  }
  void client_wait_ends(Time at) {
    if (client_wait_since == kNever) return;
    client_wait += at - client_wait_since;
    client_wait_since = kNever;
    progress = std::max(progress, at);
  }

  // --- the chain's; read by anyone on the worker's thread
  Time now{};                              // of the current pass
  std::uint64_t pass = 0;                  // the current pass's number
  Time arrived{};                          // first arrival; orders the lines
  std::uint64_t ticket = 0;                // breaks ties of `arrived`
  Deadline deadline;                       // what the timeouts around the current visit allow
  std::uint32_t attempts = 0;              // times that it was sent on toward the service
  Duration waited{0};                      // in all lines together
  EndReason ending = EndReason::complete;  // set before the visits are destroyed
  Outcome outcome;  // what goes outward now; at the end: what the client is told
  std::shared_ptr<const LocalReply> local_reply;  // of an outcome `replied`
  Grant grant;                                    // held on the way inward

  // A hash of the client that it comes from: its address, of IPv6 the /64; 0: not known. Asked for
  // when its key is new to a table, inside a pass.
  virtual std::uint64_t client() const { return 0; }

  bool inside() const { return chain_ != nullptr; }
  // Its earliest alarm. To be read at the end of every pass that moved it, still inside the pass:
  // others may change it, and then put it in the mailbox.
  Alarm alarm() const;

 private:
  friend class Chain;
  friend class Mailbox;
  friend class Visit;
  friend class VisitSlot;

  struct alignas(std::max_align_t) Slot {
    std::byte room[kVisitSize];
  };

  Chain* chain_ = nullptr;  // null: not inside
  std::uint8_t depth_ = 0;  // visits_[0 … depth_) live
  std::array<Visit*, kMaxFilters> visits_;
  // What the request has used up at each filter (tries, time in the line): it outlives the visits.
  std::array<std::int64_t, kMaxFilters> spent_;
  std::array<Slot, kMaxFilters> slots_;
  // The mailbox's link.
  Request* mail_next_ = nullptr;
  Request* mail_previous_ = nullptr;
  bool mailed_ = false;
};

}  // namespace weir
