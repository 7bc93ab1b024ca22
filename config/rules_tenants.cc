#include <algorithm>

#include "config/enum_values.h"
#include "config/filter_build.h"
#include "config/rules.h"
#include "config/secret.h"
#include "config/suggest.h"
#include "config/tenant_addresses.h"

namespace weir {
namespace {

// What the chains that are in use make of tenants.
struct Uses {
  const PlannedFilter* bucket = nullptr;      // token_bucket with the tenants' own rates
  const PlannedFilter* quota = nullptr;       // token_bucket by tenant that is enforced
  const PlannedFilter* limit = nullptr;       // concurrency_limit by tenant
  const PlannedFilter* bare_limit = nullptr;  // the same, without a limit of its own
  const PlannedFilter* queue = nullptr;       // buffer with a limiter by tenant inside
  bool classes = false;                       // load_shed with target_wait
  bool by_tenant = false;                     // anything by tenant
  bool by_client = false;                     // token_bucket by client_ip
};

Uses uses_of(const Plan& plan) {
  Uses uses;
  for (const PlannedChain& chain : plan.chains) {
    if (!chain.used) continue;
    uses.by_tenant |= chain.by_tenant;
    for (const PlannedFilter& filter : chain.filters) {
      const std::string_view kind = filter.kind->name;
      const Key key = key_of(*filter.params);
      const bool by_tenant = is_tenant_alone(key);
      const Value* enforce = filter.params->find("enforce");
      const bool enforced = enforce == nullptr || enforce->number != 0;
      if (kind == "token_bucket" && by_tenant && !filter.params->has("rate")) uses.bucket = &filter;
      if (kind == "concurrency_limit" && by_tenant) {
        uses.limit = &filter;
        if (!filter.params->has("limit")) uses.bare_limit = &filter;
      }
      if (kind == "buffer") uses.queue = &filter;
      if (kind == "token_bucket" && enforced) {
        if (by_tenant) uses.quota = &filter;
        uses.by_client |= std::ranges::any_of(
            key, [](const Field& field) { return field.kind == Field::Kind::client_ip; });
      }
      uses.classes |= kind == "load_shed" && filter.params->has("target_wait");
    }
  }
  return uses;
}

class TenantRules {
 public:
  TenantRules(const Value& file, const Plan& plan, Report& report)
      : tenants_(file.get("tenants")),
        tenant_(file.get("tenant")),
        uses_(uses_of(plan)),
        report_(report),
        from_(parse_field(tenant_.get("from").text).value.value_or(Field{})) {}

  void run() {
    check_source();
    for (const Value& entry : tenants_.items)
      if (!entry.bad) check_entry(entry);
    if (by_address()) check_tenant_addresses(tenants_, report_);
    check_everyone_else();
    check_new_keys();
    warn_once("rate", uses_.bucket != nullptr,
              "token_bucket with key: tenant and no rate of its own");
    warn_once("concurrency", uses_.limit != nullptr, "concurrency_limit with key: tenant");
    warn_once("queue", uses_.queue != nullptr && (uses_.bucket || uses_.limit || uses_.quota),
              "buffer outside a filter with key: tenant");
    warn_once("priority", uses_.classes, "load_shed with target_wait");
  }

 private:
  std::string path(const Value& entry, std::string_view key = {}) const {
    const Path root;
    const Path tenants(root, "tenants");
    const Path one(tenants, entry.name);
    return key.empty() ? one.text() : Path(one, key).text();
  }

  void check_source() {
    const Value& from = tenant_.get("from");
    const Result<Field> field = parse_field(from.text);
    if (from.bad || !field) return;
    if (field->kind == Field::Kind::tenant)
      report_.error(from.at, "tenant.from",
                    "a tenant cannot be told by the tenant: name a part of the "
                    "request, such as header x-tenant");
    if (looks_secret(*field) && !tenant_.has("secret"))
      report_.warning(
          from.at, "tenant.from",
          quoted(from.text) +
              " looks like a credential, and the names of tenants are "
              "shown in metrics and logs: write secret: true to show a hash, or secret: false "
              "if they may be seen");
  }

  static bool looks_secret(const Field& field) {
    if (field.kind == Field::Kind::cookie) return true;
    if (field.kind != Field::Kind::header && field.kind != Field::Kind::query) return false;
    for (const std::string_view part : {"auth", "key", "token", "secret", "password"})
      if (lower_case(field.name).find(part) != std::string::npos) return true;
    return false;
  }

  void check_entry(const Value& entry) {
    if (entry.has("burst") && !entry.has("rate"))
      report_.error(entry.own("burst")->name_at, path(entry, "burst"),
                    "a burst needs a rate: add one, or leave burst out");
    if (const std::string trouble = quota_trouble(entry); !trouble.empty())
      report_.error(entry.find("burst")->at, path(entry, "burst"),
                    entry.find("burst")->text + " " + trouble);
    const std::size_t who = entry.has("addresses") ? 1 : 0;
    if (entry.get("deny").number != 0 && entry.items.size() > 1 + who)
      report_.warning(entry.name_at, path(entry), "denied: its other keys have no effect");
    if (entry.name != "*" && entry.name.find('*') != std::string::npos)
      report_.warning(entry.name_at, path(entry),
                      "the star is taken literally: only \"*\" alone stands for all other tenants");
    if (entry.items.size() == who)
      report_.warning(entry.name_at, path(entry), "says nothing: the tenant is unlimited");
    check_burst(entry);
    check_name(entry);
  }

  // At the first one: there may be very many.
  void check_burst(const Value& entry) {
    const std::string surprise = warned_of_burst_ ? std::string() : burst_surprise(entry);
    if (surprise.empty()) return;
    warned_of_burst_ = true;
    report_.warning(entry.own("rate")->at, path(entry, "rate"), surprise);
  }

  void check_name(const Value& entry) {
    if (entry.name == "*") return;
    if (from_.kind == Field::Kind::header && entry.name.find(',') != std::string::npos)
      report_.error(entry.name_at, path(entry),
                    "no request has this tenant: a comma in a header field separates values");
    const bool secret = tenant_.get("secret").number != 0;
    if (!secret && is_label_of_weir(entry.name))
      report_.warning(entry.name_at, path(entry),
                      "weir itself uses the label " + quoted(entry.name) +
                          " in the metrics: this tenant's is " + quoted("tenant " + entry.name));
    constexpr std::string_view kShown = "tenant ";
    if (entry.name.starts_with(kShown) && is_label_of_weir(entry.name.substr(kShown.size())))
      report_.error(entry.name_at, path(entry),
                    "is how weir shows a tenant called " +
                        quoted(entry.name.substr(kShown.size())) + ": take another name");
    if (const Value* addresses = entry.own("addresses"); addresses != nullptr && !by_address())
      report_.warning(addresses->name_at, path(entry, "addresses"),
                      "has no effect: tenant.from is not client_ip");
  }

  bool by_address() const { return from_.kind == Field::Kind::client_ip; }

  void check_everyone_else() {
    const Value* others = tenants_.own("*");
    const bool refused = tenant_.get("unknown").text == "refuse";
    if (refused) {
      if (others != nullptr)
        report_.warning(others->name_at, path(*others),
                        "has no effect: unknown tenants are refused (tenant.unknown)");
      return;
    }
    const bool any_rate = any_has("rate");
    if (uses_.bucket != nullptr && !any_rate) {
      report_.warning(
          uses_.bucket->at, uses_.bucket->path,
          "limits nobody: no tenant has a rate under tenants:, and the filter none of its "
          "own");
    } else if (uses_.bucket != nullptr && others == nullptr) {
      report_.warning(
          tenants_.name_at, "tenants",
          "all tenants without an entry are unlimited: add \"*\": {rate: 10/s}, say, or "
          "tenant: {unknown: refuse}");
    }
    if (uses_.bare_limit != nullptr && !any_has("concurrency"))
      report_.warning(
          uses_.bare_limit->at, uses_.bare_limit->path,
          "limits nobody: no tenant has a concurrency under tenants:, and the filter no "
          "limit of its own");
  }

  // A quota for each name is none where any client can make up names.
  void check_new_keys() {
    if (const Value* new_keys = tenant_.find(kNewKeysName)) return check_new_keys(*new_keys);
    if (uses_.quota == nullptr || uses_.by_client || tenant_.get("unknown").text != "own") return;
    const Result<Field> from = parse_field(tenant_.get("from").text);
    const Value* others = tenants_.own("*");
    const bool rate =
        uses_.quota->params->has("rate") || (others != nullptr && others->has("rate"));
    if (!rate || !from || !is_made_up(*from)) return;
    if (others != nullptr && others->get("deny").number != 0) return;
    report_.warning(
        uses_.quota->at, uses_.quota->path,
        "a client that makes up names gets a quota for each of them: bound the new "
        "ones, as tenant: {new_keys: {rate: 10/s}}, or write tenant: {unknown: shared}");
  }
  static bool is_made_up(const Field& field) {
    return field.kind == Field::Kind::header || field.kind == Field::Kind::query ||
           field.kind == Field::Kind::cookie || field.kind == Field::Kind::path_segment;
  }

  void check_new_keys(const Value& new_keys) {
    const std::string name = "tenant.new_keys";
    for (const Field& field : key_of(new_keys))
      if (field.kind == Field::Kind::tenant)
        report_.error(new_keys.own("key")->at, name + ".key",
                      "each new name would have a rate of its own: name what stands for the "
                      "client, such as client_ip");
    if (const std::string trouble = quota_trouble(new_keys); !trouble.empty())
      report_.error(new_keys.find("burst")->at, name + ".burst",
                    new_keys.find("burst")->text + " " + trouble);
    if (const std::string surprise = burst_surprise(new_keys); !surprise.empty())
      report_.warning(new_keys.own("rate")->at, name + ".rate", surprise);
    if (tenant_.get("unknown").text != "own")
      report_.warning(new_keys.name_at, name,
                      "has no effect: unknown tenants have no state of their own (tenant.unknown)");
    else if (!uses_.by_tenant)
      report_.warning(new_keys.name_at, name,
                      "has no effect: no chain has a filter with key: tenant");
  }

  bool any_has(std::string_view key) const {
    return std::any_of(tenants_.items.begin(), tenants_.items.end(),
                       [&](const Value& entry) { return entry.has(key); });
  }

  // At the first tenant that has the key: there may be very many.
  void warn_once(std::string_view key, bool has_effect, const std::string& wanted) {
    if (has_effect) return;
    for (const Value& entry : tenants_.items) {
      const Value* value = entry.own(key);
      if (value == nullptr) continue;
      report_.warning(value->name_at, path(entry, key), "has no effect: no chain has a " + wanted);
      return;
    }
  }

  const Value& tenants_;
  const Value& tenant_;
  const Uses uses_;
  Report& report_;
  const Field from_;
  bool warned_of_burst_ = false;
};

}  // namespace

void check_tenant_rules(const Value& file, const Plan& plan, Report& report) {
  TenantRules(file, plan, report).run();
}

}  // namespace weir
