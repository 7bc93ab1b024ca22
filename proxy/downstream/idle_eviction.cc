#include "proxy/downstream/idle_eviction.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proxy/downstream/client_connection.h"

namespace weir {

namespace {

struct Address {
  std::size_t connections = 0;
  std::vector<ClientConnection*> idle, in_head;
};

bool waits_less(const ClientConnection* a, const ClientConnection* b) {
  return a->waits_until() < b->waits_until();
}

// Of an eighth of the busiest address's, at least one: it is not shut out either.
std::size_t close_longest(std::vector<ClientConnection*>& candidates) {
  const std::size_t most = std::min(kEvictAtOnce, (candidates.size() + 7) / 8);
  std::partial_sort(candidates.begin(), candidates.begin() + static_cast<std::ptrdiff_t>(most),
                    candidates.end(), waits_less);
  for (std::size_t i = 0; i < most; ++i) candidates[i]->evict();
  return most;
}

}  // namespace

std::size_t evict_idle(ClientConnection* first) {
  std::unordered_map<std::string_view, Address> addresses;
  for (ClientConnection* client = first; client != nullptr; client = client->next()) {
    Address& address = addresses[client->address().identity()];
    ++address.connections;
    if (client->is_idle()) address.idle.push_back(client);
    if (client->is_reading_head()) address.in_head.push_back(client);
  }
  Address* busiest = nullptr;
  for (auto& [identity, address] : addresses) {
    if (address.idle.empty() && address.in_head.empty()) continue;
    if (busiest == nullptr || address.connections > busiest->connections) busiest = &address;
  }
  if (busiest == nullptr) return 0;
  return close_longest(busiest->idle.empty() ? busiest->in_head : busiest->idle);
}

}  // namespace weir
