#include "config/field.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

TEST(Field, ReadsEveryWordAndWritesItBack) {
  for (const char* text : {"tenant", "client_ip", "header x-tenant", "path_segment 2",
                           "query api_key", "cookie session", "method", "route"}) {
    const Result<Field> field = parse_field(text);
    ASSERT_TRUE(field) << text << ": " << field.error;
    EXPECT_EQ(to_string(*field), text);
  }
}

TEST(Field, HeaderNamesAreLowerCase) {
  EXPECT_EQ(*parse_field("header X-Tenant"), (Field{Field::Kind::header, "x-tenant", 0}));
  EXPECT_EQ(*parse_field("cookie Sid"), (Field{Field::Kind::cookie, "Sid", 0}));
  EXPECT_EQ(*parse_field("path_segment 3"), (Field{Field::Kind::path_segment, "", 3}));
}

TEST(Field, SaysWhatIsWrong) {
  EXPECT_EQ(
      parse_field("client_id").error,
      "found \"client_id\", expected tenant, client_ip, header x-tenant, path_segment 1, query "
      "tenant, cookie session, method or route; did you mean \"client_ip\"?");
  EXPECT_EQ(parse_field("header").error,
            "found \"header\", expected a name after it, such as header x-tenant");
  EXPECT_EQ(parse_field("method GET").error, "found \"method GET\": nothing follows method");
  EXPECT_EQ(parse_field("path_segment 0").error,
            "found \"path_segment 0\": segments are counted from 1 to 32");
  EXPECT_EQ(parse_field("header x y").error,
            "found \"header x y\", expected one name after header, such as header x-tenant");
  EXPECT_FALSE(parse_field("path_segment one"));
  EXPECT_FALSE(parse_field("header  x"));
  EXPECT_FALSE(parse_field(""));
}

}  // namespace
}  // namespace weir
