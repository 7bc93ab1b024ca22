#include "config/secret.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::string hex(const std::array<std::uint8_t, 32>& hash) {
  std::string out;
  for (const std::uint8_t byte : hash) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

TEST(Secret, Sha256AgreesWithTheStandardsExamples) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Secret, NamesAreHiddenOnlyWhenAsked) {
  EXPECT_EQ(shown_tenant("abc", false), "abc");
  EXPECT_EQ(shown_tenant("abc", true), "sha256:ba7816bf8f01");
  EXPECT_EQ(shown_tenant("*", true), "*");
}

}  // namespace
}  // namespace weir
