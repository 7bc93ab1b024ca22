#include "proxy/context/access_log.h"

#include <random>

#include "filters/random.h"
#include "proxy/clock/clock.h"
#include "proxy/http/reply.h"

namespace weir {

namespace {

constexpr std::uint16_t kFirstError = 400;
constexpr std::uint32_t kAll = 10'000;

}  // namespace

AccessLog::AccessLog(const AccessLogSettings& settings, LineLog::Ring& ring)
    : settings_(settings), ring_(ring) {
  std::random_device device;
  random_ = std::uint64_t{device()} << 32 | device();
}

bool AccessLog::wants(std::uint16_t status, bool cut) {
  if (settings_.sample == kAll || status >= kFirstError || cut) return true;
  // By the high bits; the share is exact to one in 2^32.
  return (splitmix64(random_) >> 32) * kAll >> 32 < settings_.sample;
}

bool AccessLog::wants_header_texts() const {
  return settings_.format == AccessLogSettings::Format::combined;
}

void AccessLog::write(const AccessRecord& record) {
  const bool json = settings_.format == AccessLogSettings::Format::json;
  ring_.write(json ? write_json_line(record, room_) : write_combined_line(record, room_));
}

void AccessLog::write_refused(MessageError reason, AccessRecord& record, const ClientAddress& peer,
                              std::uint64_t sent) {
  std::array<char, 46> client;
  record.time = wall_clock();
  record.status = status_of(reason);
  record.reason = to_string(reason);
  record.client = peer.text(client);
  record.sent = sent;
  write(record);
}

}  // namespace weir
