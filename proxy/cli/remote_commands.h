// `weir healthcheck`, `weir reload` and `weir drain`: they ask the admin plane of a weir that runs.
#pragma once

#include <chrono>
#include <string>

namespace weir {

struct RemoteOptions {
  std::string admin = "127.0.0.1:9901";
  std::string file;  // if given, its admin.listen
  std::chrono::milliseconds timeout = std::chrono::seconds(2);
};

// 0 if it answers 200 to /ready, or with `live` to /live; 1 if not.
int check_health(const RemoteOptions& options, bool live);

// Has it read its file again; prints what it answers. 0 if the new configuration is in force, 1 if
// the file is wrong (nothing has changed) or there is none.
int reload_weir(const RemoteOptions& options);

// Begins the drain. With `wait`, returns when weir has ended; 3 if it has not after that time.
int drain_weir(const RemoteOptions& options, bool wait, std::chrono::milliseconds wait_at_most);

}  // namespace weir
