// The admin plane's pages as a table, out of functions that whoever starts weir gives.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/admin/page.h"
#include "proxy/admin/reload_status.h"

namespace weir {

// All are called on the admin plane's thread.
struct PageSources {
  std::function<std::string()> metrics;  // Prometheus text
  std::string metrics_type;
  std::function<bool()> ready;
  std::function<std::string()> config_yaml, config_json;
  std::function<AdminReply(const Query&)> tenants;
  std::function<void()> drain;  // begins the drain; again: does nothing
  // Reloads the configuration, and answers by calling its argument on any thread; null: no page.
  std::function<void(std::function<void(const ReloadOutcome&)>)> reload;
  std::function<ReloadStatus()> reload_status;  // may be null
  std::string_view version, revision;
};

std::vector<Page> make_pages(PageSources sources);

}  // namespace weir
