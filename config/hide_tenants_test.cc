#include "config/hide_tenants.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/secret.h"
#include "tests/unit/config_load.h"

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

const std::string kSecret = "tenant: {from: header x-api-key, secret: true}\n";

TEST(HideTenants, WarningsNameThemByTheirHash) {
  const Loaded loaded = load_config(kBase + kSecret + "tenants: {k-1: {}, \"k.2 x\": {}}\n");
  EXPECT_THAT(loaded.warnings, ElementsAre("4:11: tenants." + hidden_name("k-1") +
                                               ": says nothing: the tenant is unlimited",
                                           "4:20: tenants." + hidden_name("k.2 x") +
                                               ": says nothing: the tenant is unlimited"));
}

TEST(HideTenants, ErrorsDoNotShowThem) {
  for (const char* tenants :
       {"{k-1: {rate: 5}}", "{k-1: {rat: 5/s}}", "{k-1: 5}", "{\"k-1,\": {deny: true}}",
        "{k-1: {burst: 5}}", "{k-1: {rate: 5/s}, k-1: {rate: 5/s}}", "{k-1: {rate: {a: 1}}}",
        "{\"k-1.x[\": {rate: 5}}", "{\"k-1 \\\"q\\\"\": {rate: 5}}"}) {
    const Loaded loaded = load_config(kBase + kSecret + "tenants: " + tenants + "\n");
    EXPECT_THAT(loaded.errors, Not(IsEmpty())) << tenants;
    for (const std::string& error : loaded.errors) EXPECT_THAT(error, Not(HasSubstr("k-1")));
  }
}

TEST(HideTenants, NamesThatAreNoCredentialsAreShown) {
  EXPECT_THAT(load_config(kBase + "tenants: {k-1: {}, \"*\": {}}\n").warnings,
              ElementsAre("3:11: tenants.k-1: says nothing: the tenant is unlimited",
                          "3:20: tenants.\"*\": says nothing: the tenant is unlimited"));
}

}  // namespace
}  // namespace weir
