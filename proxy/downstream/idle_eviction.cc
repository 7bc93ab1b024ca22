#include "proxy/downstream/idle_eviction.h"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "proxy/downstream/downstream_connection.h"

namespace weir {

namespace {

struct Candidate {
  DownstreamConnection* client;
  std::size_t of_address;  // connections

  // Which of two goes first.
  auto rank() const {
    return std::tuple(-static_cast<std::ptrdiff_t>(of_address), !client->is_idle(),
                      client->waits_until());
  }
};

std::vector<Candidate> candidates(DownstreamConnection* first) {
  std::unordered_map<std::string_view, std::size_t> connections;
  for (DownstreamConnection* client = first; client != nullptr; client = client->next()) {
    ++connections[client->address().identity()];
  }
  std::vector<Candidate> out;
  for (DownstreamConnection* client = first; client != nullptr; client = client->next()) {
    if (!client->is_idle() && !client->is_incomplete()) continue;
    out.push_back({client, connections[client->address().identity()]});
  }
  return out;
}

}  // namespace

std::size_t evict_idle(DownstreamConnection* first) {
  std::vector<Candidate> all = candidates(first);
  const std::size_t most = std::min(kEvictAtOnce, (all.size() + 7) / 8);
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(most);
  std::ranges::partial_sort(all, end, {}, &Candidate::rank);
  std::for_each(all.begin(), end, [](const Candidate& each) { each.client->evict(); });
  return most;
}

}  // namespace weir
