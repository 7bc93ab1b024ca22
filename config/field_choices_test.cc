#include "config/field_choices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(FieldChoices, NamesOfFieldsNeedTheWordHeader) {
  EXPECT_THAT(field_choices("x-api-key"), ElementsAre("header x-api-key"));
  EXPECT_THAT(field_choices("X-Tenant"), ElementsAre("header X-Tenant"));
  for (const char* text :
       {"header:x-tenant", "header: x-tenant", "headers.x-tenant", "header  x-tenant",
        "header[x-tenant]", "req.headers.x-tenant", "$http_x_tenant", "header=\"x-tenant\""})
    EXPECT_THAT(field_choices(text), ElementsAre("header x-tenant")) << text;
}

TEST(FieldChoices, WordsOfOtherProgramsAreKnown) {
  for (const char* text : {"ip", "remote_addr", "$binary_remote_addr", "x-forwarded-for", "IP"})
    EXPECT_THAT(field_choices(text), ElementsAre("client_ip")) << text;
  EXPECT_THAT(field_choices("Authorization"), ElementsAre("header authorization"));
  EXPECT_THAT(field_choices("host"), ElementsAre("header host"));
  EXPECT_THAT(field_choices("$arg_api_key"), ElementsAre("query api_key"));
  EXPECT_THAT(field_choices("cookie:session"), ElementsAre("cookie session"));
}

TEST(FieldChoices, WhatCannotBeGuessedIsLeftAlone) {
  for (const char* text :
       {"", "header", "header x y", "somebody", "querystring", "path_segment one"})
    EXPECT_THAT(field_choices(text), IsEmpty()) << text;
}

}  // namespace
}  // namespace weir
