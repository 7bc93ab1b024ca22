#include "config/address_index.h"

#include <gtest/gtest.h>

#include "filters/tenant.h"

namespace weir {
namespace {

std::array<std::uint8_t, 16> address(const char* text) { return parse_cidr(text)->address; }

TEST(AddressIndex, TheLongestRangeThatHasAnAddressDecides) {
  AddressIndex index;
  const Tenant all, wide, narrow, one, v6;
  EXPECT_TRUE(index.add(*parse_cidr("10.0.0.0/8"), wide));
  EXPECT_TRUE(index.add(*parse_cidr("10.1.2.0/23"), narrow));
  EXPECT_TRUE(index.add(*parse_cidr("10.1.3.7"), one));
  EXPECT_TRUE(index.add(*parse_cidr("2001:db8::/32"), v6));
  EXPECT_EQ(index.find(address("10.9.9.9")), &wide);
  EXPECT_EQ(index.find(address("10.1.2.255")), &narrow);
  EXPECT_EQ(index.find(address("10.1.3.6")), &narrow);
  EXPECT_EQ(index.find(address("10.1.3.7")), &one);
  EXPECT_EQ(index.find(address("10.1.4.0")), &wide);
  EXPECT_EQ(index.find(address("2001:0DB8:0::1")), &v6);
  EXPECT_EQ(index.find(address("11.0.0.0")), nullptr);
  EXPECT_EQ(index.find(address("::")), nullptr);
  EXPECT_TRUE(index.add(*parse_cidr("0.0.0.0/0"), all));
  EXPECT_EQ(index.find(address("11.0.0.0")), &all);
  EXPECT_EQ(index.find(address("::1")), nullptr);
}

TEST(AddressIndex, ARangeStandsOnce) {
  AddressIndex index;
  const Tenant a, b;
  EXPECT_TRUE(index.add(*parse_cidr("10.1.2.3/8"), a));
  EXPECT_FALSE(index.add(*parse_cidr("10.0.0.0/8"), b));
  EXPECT_EQ(index.find(address("10.0.0.1")), &a);
}

}  // namespace
}  // namespace weir
