#include "proxy/net/name_lookup.h"

#include <algorithm>
#include <cstring>
#include <mutex>
#include <netdb.h>
#include <netinet/in.h>
#include <system_error>
#include <thread>
#include <utility>

namespace weir {

struct NameLookup::Shared {
  std::mutex mutex;
  bool open = true;  // the handle may be used
  uv_async_t answered{};
  std::vector<sockaddr_storage> found;
  std::string error;
};

namespace {

std::vector<sockaddr_storage> first_addresses(const addrinfo* found) {
  std::vector<sockaddr_storage> out;
  for (; found != nullptr && out.size() < NameLookup::kMaxAddresses; found = found->ai_next) {
    if (found->ai_family != AF_INET && found->ai_family != AF_INET6) continue;
    sockaddr_storage address{};
    std::memcpy(&address, found->ai_addr, found->ai_addrlen);
    const auto is_same = [&](const auto& each) { return same_address(each, address); };
    if (std::ranges::none_of(out, is_same)) out.push_back(address);
  }
  return out;
}

}  // namespace

// By what tells two addresses apart: not the flow label, nor padding.
bool same_address(const sockaddr_storage& a, const sockaddr_storage& b) {
  if (a.ss_family != b.ss_family) return false;
  if (a.ss_family == AF_INET) {
    const auto& one = reinterpret_cast<const sockaddr_in&>(a);
    const auto& other = reinterpret_cast<const sockaddr_in&>(b);
    return one.sin_port == other.sin_port && one.sin_addr.s_addr == other.sin_addr.s_addr;
  }
  const auto& one = reinterpret_cast<const sockaddr_in6&>(a);
  const auto& other = reinterpret_cast<const sockaddr_in6&>(b);
  return one.sin6_port == other.sin6_port && one.sin6_scope_id == other.sin6_scope_id &&
         std::memcmp(&one.sin6_addr, &other.sin6_addr, sizeof one.sin6_addr) == 0;
}

bool NameLookup::open(uv_loop_t* loop, Owner& owner) {
  owner_ = &owner;
  auto shared = std::make_shared<Shared>();
  shared->answered.data = this;
  const auto on_answered = [](uv_async_t* handle) {
    static_cast<NameLookup*>(handle->data)->take_answer();
  };
  if (uv_async_init(loop, &shared->answered, on_answered) != 0) return false;
  uv_unref(reinterpret_cast<uv_handle_t*>(&shared->answered));
  shared_ = std::move(shared);
  return true;
}

void NameLookup::close() {
  if (shared_ == nullptr) return;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->open = false;
  }
  auto* handle = reinterpret_cast<uv_handle_t*>(&shared_->answered);
  // The handle lives until the loop has closed it.
  handle->data = new std::shared_ptr<Shared>(std::move(shared_));
  uv_close(handle,
           [](uv_handle_t* closed) { delete static_cast<std::shared_ptr<Shared>*>(closed->data); });
  busy_ = false;
}

bool NameLookup::begin(const std::string& host, std::uint16_t port) {
  if (shared_ == nullptr || busy_) return false;
  try {
    std::thread(ask, shared_, host, std::to_string(port)).detach();
  } catch (const std::system_error&) {
    return false;
  }
  return busy_ = true;
}

void NameLookup::ask(const std::shared_ptr<Shared>& shared, const std::string& host,
                     const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  const int status = getaddrinfo(host.c_str(), port.c_str(), &hints, &list);
  std::vector<sockaddr_storage> found;
  if (status == 0) {
    found = first_addresses(list);
    freeaddrinfo(list);
  }
  const std::lock_guard lock(shared->mutex);
  if (!shared->open) return;
  shared->found = std::move(found);
  shared->error = status == 0 ? "" : gai_strerror(status);
  uv_async_send(&shared->answered);
}

void NameLookup::take_answer() {
  std::vector<sockaddr_storage> found;
  std::string error;
  {
    const std::lock_guard lock(shared_->mutex);
    found = std::exchange(shared_->found, {});
    error = std::exchange(shared_->error, {});
  }
  busy_ = false;
  owner_->on_answer(std::move(found), error);
}

}  // namespace weir
