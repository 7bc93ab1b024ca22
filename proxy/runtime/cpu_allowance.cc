#include "proxy/runtime/cpu_allowance.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <sched.h>
#include <sstream>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "config/read_file.h"

namespace weir {

namespace {

constexpr std::size_t kMostText = 16 << 20;

// Of a file of the kernel's; empty if it cannot be read.
std::istringstream text_of(const std::string& path) {
  return std::istringstream(read_regular_file(path, kMostText).value.value_or(""));
}

using Words = std::vector<std::string>;

Words words_of(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

bool lists(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    if (list.substr(0, end) == item) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

// Mount points are written with \040 for a space and the like.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned char byte = 0;
    const char* const digits = text.data() + i + 1;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(digits, digits + 3, byte, 8).ptr == digits + 3) {
      out += static_cast<char>(byte);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

// A hierarchy of cgroups as it is mounted: `part` of it, at `point`.
struct Mount {
  std::string part, point;
};
struct Hierarchies {
  std::optional<Mount> v1, v2;
};

// proc(5): id parent device root point options [tags…] - type source options
Hierarchies read_mounts(const std::string& root) {
  Hierarchies found;
  std::istringstream in = text_of(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    const Words words = words_of(line);
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    Mount mount{unescaped(words[3]), unescaped(words[4])};
    if (dash[1] == "cgroup2" && !found.v2)
      found.v2 = std::move(mount);
    else if (dash[1] == "cgroup" && lists(dash[3], "cpu") && !found.v1)
      found.v1 = std::move(mount);
  }
  return found;
}

// The process's place in each hierarchy: ID:CONTROLLERS:PATH; of v2 there are no controllers.
struct Places {
  std::optional<std::string> v1, v2;
};
Places read_places(const std::string& root) {
  Places found;
  std::istringstream in = text_of(root + "/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string_view controllers =
        std::string_view(line).substr(first + 1, second - first - 1);
    if (controllers.empty()) found.v2 = line.substr(second + 1);
    if (lists(controllers, "cpu")) found.v1 = line.substr(second + 1);
  }
  return found;
}

std::optional<double> number_in(const std::string& path) {
  std::istringstream in = text_of(path);
  double number = 0;
  return in >> number ? std::optional(number) : std::nullopt;
}

// "max 100000", or microseconds of processor time and of the period.
std::optional<double> quota_of_v2(const std::string& folder) {
  std::istringstream in = text_of(folder + "/cpu.max");
  double quota = 0, period = 0;
  if (in >> quota >> period && quota > 0 && period > 0) return quota / period;
  return std::nullopt;
}

// -1: none.
std::optional<double> quota_of_v1(const std::string& folder) {
  const auto quota = number_in(folder + "/cpu.cfs_quota_us");
  const auto period = number_in(folder + "/cpu.cfs_period_us");
  if (quota && period && *quota > 0 && *period > 0) return *quota / *period;
  return std::nullopt;
}

struct Version {
  const char* file;
  std::optional<double> (*read)(const std::string& folder);
};
constexpr Version kV1 = {"cpu.cfs_quota_us", quota_of_v1};
constexpr Version kV2 = {"cpu.max", quota_of_v2};

// From the process's own group up to the mount's: the least quota counts.
void visit(const std::string& root, const Mount& mount, std::string place, const Version& version,
           CpuAllowance& out) {
  // In a container without a cgroup namespace the place is the host's, and the mount is that part.
  if (mount.part != "/" && (place + "/").starts_with(mount.part + "/")) {
    place = place.substr(mount.part.size());
  } else if (mount.part != "/") {
    place.clear();  // not below what can be seen: the mount's own group is the nearest
  }
  if (place.find("..") != std::string::npos) place.clear();
  while (place.ends_with('/')) place.pop_back();
  for (;;) {
    const std::string folder = mount.point + place;
    const auto quota = version.read(root + folder);
    if (quota && (out.quota == 0 || *quota < out.quota)) {
      out.quota = *quota;
      out.quota_from = folder + "/" + version.file;
    }
    if (place.empty()) return;
    place.resize(place.rfind('/'));
  }
}

std::int64_t affinity() {
  // Larger than the greatest kernel's mask.
  constexpr int kMost = 8192;
  cpu_set_t* const set = CPU_ALLOC(kMost);
  const std::size_t size = CPU_ALLOC_SIZE(kMost);
  std::int64_t count = 0;
  if (set != nullptr && sched_getaffinity(0, size, set) == 0) count = CPU_COUNT_S(size, set);
  CPU_FREE(set);
  return count > 0 ? count : std::max(1U, std::thread::hardware_concurrency());
}

std::string in_short(double quota) {
  std::array<char, 32> text;
  const int size = std::snprintf(text.data(), text.size(), "%.4g", quota);
  return {text.data(), static_cast<std::size_t>(std::max(size, 0))};
}

}  // namespace

std::int64_t CpuAllowance::workers() const {
  constexpr std::int64_t kMostWorkers = 256;
  std::int64_t workers = processors;
  if (quota > 0) {
    workers = std::min(workers, static_cast<std::int64_t>(std::min<double>(quota, kMostWorkers)));
  }
  return std::clamp<std::int64_t>(workers, 1, kMostWorkers);
}

std::string CpuAllowance::why() const {
  std::string out = std::to_string(processors) + (processors == 1 ? " processor" : " processors");
  if (quota > 0) out += ", CPU quota " + in_short(quota) + " (" + quota_from + ")";
  return out;
}

CpuAllowance read_cpu_allowance(const std::string& root) {
  CpuAllowance out;
  out.processors = affinity();
  const Hierarchies mounts = read_mounts(root);
  const Places places = read_places(root);
  if (mounts.v2 && places.v2) visit(root, *mounts.v2, *places.v2, kV2, out);
  if (mounts.v1 && places.v1) visit(root, *mounts.v1, *places.v1, kV1, out);
  return out;
}

}  // namespace weir
