#include "config/tenant_index.h"

#include <string>

#include <gtest/gtest.h>

namespace weir::test {
namespace {

std::vector<Tenant> tenants_of(const std::vector<std::string>& names) {
  std::vector<Tenant> tenants(names.size());
  for (std::size_t i = 0; i < names.size(); ++i) {
    tenants[i].name = names[i];
    tenants[i].is_wildcard = names[i] == "*";
  }
  return tenants;
}

TEST(TenantIndexTest, EmptyOneFindsNobody) {
  const TenantIndex none;
  EXPECT_EQ(none.find(""), nullptr);
  EXPECT_EQ(none.find("acme"), nullptr);
}

TEST(TenantIndexTest, EveryoneElseIsNoName) {
  const std::vector<Tenant> tenants = tenants_of({"acme", "*"});
  TenantIndex index;
  index.build(tenants, 7);
  EXPECT_EQ(index.find("acme"), tenants.data());
  EXPECT_EQ(index.find("*"), nullptr);
  EXPECT_EQ(index.find("acm"), nullptr);
  EXPECT_EQ(index.find("acme "), nullptr);
}

// Of every length around the words that are hashed, alike but for one byte, wherever it stands.
TEST(TenantIndexTest, NamesThatDifferInOneByteAreTold) {
  std::vector<std::string> names;
  for (std::size_t size = 1; size <= 40; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      names.emplace_back(size, 'a');
      names.back()[at] = 'b';
    }
  }
  const std::vector<Tenant> tenants = tenants_of(names);
  for (const std::uint64_t secret : {0ULL, 1ULL, 0xfedcba9876543210ULL}) {
    TenantIndex index;
    index.build(tenants, secret);
    for (const Tenant& tenant : tenants) EXPECT_EQ(index.find(tenant.name), &tenant);
    for (std::size_t size = 0; size <= 41; ++size) {
      EXPECT_EQ(index.find(std::string(size, 'a')), nullptr) << size;
      EXPECT_EQ(index.find(std::string(size, '\0')), nullptr) << size;
    }
  }
}

// Numbered names, as they are given out, do not stand in one heap.
TEST(TenantIndexTest, NumberedNamesAreSpread) {
  for (const std::string prefix : {"", "tenant-", "customers/eu-west/production/"}) {
    for (const std::string suffix : {"", ".example", "-of-the-department-of-trade"}) {
      std::vector<std::string> names;
      for (int i = 0; i < 20'000; ++i) names.push_back(prefix + std::to_string(i) + suffix);
      const std::vector<Tenant> tenants = tenants_of(names);
      TenantIndex index;
      index.build(tenants, 0x0123456789abcdef);
      EXPECT_LT(index.longest_run(), 100U) << prefix << "N" << suffix;
    }
  }
}

}  // namespace
}  // namespace weir::test
