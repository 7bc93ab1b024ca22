// Preloaded into weir (LD_PRELOAD): names that end in ".test" stand for what the file
// $WEIR_TEST_NAMES says, a line each: the name and its IPv4 addresses. Other names, and all names
// where that is not set, go to the system's resolver.
//
// A line "NAME hangs" does not answer for as long as the line is there.
#include <arpa/inet.h>
#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <fstream>
#include <netdb.h>
#include <netinet/in.h>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace {

std::optional<std::vector<std::string>> look_up(std::string_view name) {
  std::ifstream file(std::getenv("WEIR_TEST_NAMES"));
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word;
    if (!(words >> word) || word != name) continue;
    std::vector<std::string> addresses;
    while (words >> word) addresses.push_back(word);
    return addresses;
  }
  return std::nullopt;
}

// As glibc's: one block each, which freeaddrinfo() takes.
addrinfo* entry_of(const std::string& address, const char* port, addrinfo* next) {
  char* block = static_cast<char*>(std::calloc(1, sizeof(addrinfo) + sizeof(sockaddr_in)));
  auto* entry = reinterpret_cast<addrinfo*>(block);
  auto* socket = reinterpret_cast<sockaddr_in*>(block + sizeof(addrinfo));
  socket->sin_family = AF_INET;
  socket->sin_port = htons(static_cast<std::uint16_t>(port != nullptr ? std::atoi(port) : 0));
  inet_pton(AF_INET, address.c_str(), &socket->sin_addr);
  entry->ai_family = AF_INET;
  entry->ai_socktype = SOCK_STREAM;
  entry->ai_addr = reinterpret_cast<sockaddr*>(socket);
  entry->ai_addrlen = sizeof(sockaddr_in);
  entry->ai_next = next;
  return entry;
}

}  // namespace

extern "C" __attribute__((visibility("default"))) int getaddrinfo(const char* name,
                                                                  const char* service,
                                                                  const addrinfo* hints,
                                                                  addrinfo** found) {
  const bool ours = name != nullptr && std::getenv("WEIR_TEST_NAMES") != nullptr &&
                    std::string_view(name).ends_with(".test");
  if (!ours) {
    using Real = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<Real>(dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(name, service, hints, found);
  }
  auto addresses = look_up(name);
  while (addresses && !addresses->empty() && addresses->front() == "hangs") {
    usleep(10'000);
    addresses = look_up(name);
  }
  if (!addresses || addresses->empty()) return EAI_NONAME;
  *found = nullptr;
  for (auto each = addresses->rbegin(); each != addresses->rend(); ++each)
    *found = entry_of(*each, service, *found);
  return 0;
}
