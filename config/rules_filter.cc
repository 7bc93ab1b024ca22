#include "config/rules_filter.h"

#include "config/filter_build.h"
#include "config/units.h"

namespace weir {
namespace {

class FilterRules {
 public:
  FilterRules(const Value& file, const Value& params, const std::string& path, Report& report)
      : file_(file), params_(params), path_(path), report_(report) {}

  void run() {
    const std::string_view kind = params_.kind->name;
    if (kind == "token_bucket") token_bucket();
    if (kind == "concurrency_limit") concurrency_limit();
    if (kind == "timeout") timeout();
    if (kind == "retry") retry();
  }

 private:
  void error(const Value& at, std::string_view key, std::string message) {
    report_.error(at.at, path_ + "." + std::string(key), std::move(message));
  }

  // The durations of two keys, if both stand and are sound.
  bool longer(const Value& map, std::string_view a, std::string_view b) const {
    const Value* x = map.find(a);
    const Value* y = map.find(b);
    return x != nullptr && y != nullptr && !x->bad && !y->bad && x->number > y->number;
  }

  bool key_is_bad() const {
    const Value* key = params_.own("key");
    if (key == nullptr) return false;
    for (const Value& item : key->items)
      if (item.bad) return true;
    return key->bad;
  }

  void token_bucket() {
    const bool rate = params_.has("rate");
    if (!rate && params_.has("burst"))
      error(*params_.own("burst"), "burst",
            "a burst needs a rate: add one here; the tenants' own "
            "rates and bursts stand under tenants:");
    else if (!rate && !key_is_bad() && !is_tenant_alone(key_of(params_)))
      error(params_, "rate",
            "is missing: only with key: tenant can it be left out, for each tenant's "
            "own rate under tenants:");
    if (const std::string surprise = burst_surprise(params_); !surprise.empty())
      report_.warning(params_.own("rate")->at, path_ + ".rate", surprise);
    if (const std::string trouble = quota_trouble(params_); !trouble.empty())
      error(*params_.find("burst"), "burst", params_.find("burst")->text + " " + trouble);
  }

  void concurrency_limit() {
    if (params_.has("limit") || key_is_bad()) return;
    if (!is_tenant_alone(key_of(params_)))
      error(params_, "limit",
            "is missing: only with key: tenant can it be left out, for each tenant's "
            "own concurrency under tenants:");
  }

  void timeout() {
    if (!params_.has("head") && !params_.has("total") && !params_.has("idle"))
      report_.error(params_.at, path_,
                    "says no time: expected a duration such as 30s, or at least one "
                    "of head, total and idle");
    if (longer(params_, "head", "total"))
      report_.warning(params_.own("head")->at, path_ + ".head",
                      params_.own("head")->text + " has no effect: total is over before it");
    if (longer(params_, "idle", "total"))
      report_.warning(params_.own("idle")->at, path_ + ".idle",
                      params_.own("idle")->text + " has no effect: total is over before it");
  }

  void retry() {
    const Value& backoff = params_.get("backoff");
    if (longer(backoff, "base", "max"))
      error(backoff.own("base") != nullptr ? *backoff.own("base") : *backoff.own("max"),
            "backoff.base",
            backoff.get("base").text + " is longer than backoff.max, " + backoff.get("max").text);
    const Value& budget = params_.get("budget");
    const Value& share = budget.get("share");
    const Value& least = budget.get("min_per_second");
    if (!share.bad && !least.bad && share.number == 0 && least.number == 0)
      error(budget, "budget",
            "0% and 0 a second allow no retry at all: leave the filter out instead");
    const Value& body = params_.get("max_body");
    const Value& held = file_.get("limits").get("buffered_bytes");
    if (!body.bad && !held.bad && body.number > held.number)
      report_.warning(body.spec == nullptr || !params_.has("max_body") ? params_.at : body.at,
                      path_ + ".max_body",
                      print_bytes(body.number) + " is more than limits.buffered_bytes, " +
                          print_bytes(held.number) + ", which holds all bodies together");
  }

  const Value& file_;
  const Value& params_;
  const std::string& path_;
  Report& report_;
};

}  // namespace

void check_filter_rules(const Value& file, const Value& params, const std::string& path,
                        Report& report) {
  if (params.bad || params.kind == nullptr) return;
  FilterRules(file, params, path, report).run();
}

}  // namespace weir
