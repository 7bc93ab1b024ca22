#include "proxy/cli/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace weir {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

Time never_moves(void*) { return Time{}; }

struct Loaded {
  explicit Loaded(const FlagValues& values) : config(values) {
    LoadOptions options;
    options.file = "<flags>";
    result = load_text(config.yaml(), options, gate);
  }
  std::string all_errors() const {
    std::string all;
    for (const Diagnostic& d : result.errors) all += config.in_terms_of_flags(d) + "\n";
    return all;
  }
  Gate gate{never_moves};
  FlagConfig config;
  LoadResult result;
};

FlagValues with(std::initializer_list<std::pair<FlagId, const char*>> given) {
  FlagValues values;
  values[static_cast<std::size_t>(FlagId::upstream)] = "127.0.0.1:3000";
  for (const auto& [id, value] : given) values[static_cast<std::size_t>(id)] = value;
  return values;
}

TEST(Flags, UpstreamAloneIsEnough) {
  const Loaded loaded(with({}));
  ASSERT_TRUE(loaded.result.snapshot) << loaded.all_errors() << loaded.config.yaml();
  EXPECT_THAT(loaded.result.warnings, IsEmpty());
  EXPECT_EQ(loaded.result.snapshot->settings.listen.port, 8080);
  EXPECT_EQ(loaded.result.snapshot->settings.admin.port, 9901);
}

TEST(Flags, RateIsTheQuotaOfEachTenant) {
  const Loaded loaded(with({{FlagId::rate, "100/s"}, {FlagId::burst, "7"}}));
  ASSERT_TRUE(loaded.result.snapshot) << loaded.all_errors() << loaded.config.yaml();
  const auto found = loaded.result.snapshot->find_tenant("anybody");
  ASSERT_TRUE(found.tenant != nullptr && found.tenant->quota.has_value());
  EXPECT_EQ(found.tenant->quota->tokens, 100);
  EXPECT_EQ(found.tenant->quota->burst, 7);
}

TEST(Flags, EachFlagArrives) {
  const Loaded loaded(with({{FlagId::listen, "[::1]:1234"},
                            {FlagId::upstream, "unix:/run/app.sock"},
                            {FlagId::admin, "127.0.0.1:0"},
                            {FlagId::tenant, "client_ip"},
                            {FlagId::concurrency, "64"},
                            {FlagId::workers, "auto"},
                            {FlagId::access_log, "/var/log/weir.json"},
                            {FlagId::telemetry, "0.0.0.0:9902"}}));
  ASSERT_TRUE(loaded.result.snapshot) << loaded.all_errors() << loaded.config.yaml();
  const Settings& settings = loaded.result.snapshot->settings;
  EXPECT_EQ(settings.listen.host, "::1");
  EXPECT_EQ(settings.upstream.address.kind, Endpoint::Kind::unix_socket);
  EXPECT_EQ(settings.tenant.from.kind, Field::Kind::client_ip);
  EXPECT_EQ(settings.workers, 0);
  EXPECT_EQ(settings.access_log.to, "/var/log/weir.json");
  ASSERT_TRUE(settings.telemetry);
  EXPECT_EQ(settings.telemetry->port, 9902);
  EXPECT_THAT(loaded.config.yaml(), HasSubstr("limit: 64"));
}

// Flags are no configuration of another kind: without them it is a file with an upstream alone.
TEST(Flags, DefaultsAreThoseOfAFile) {
  const Loaded flags(with({}));
  ASSERT_TRUE(flags.result.snapshot) << flags.all_errors();
  Gate gate{never_moves};
  const LoadResult file = load_text("listen: \":8080\"\nupstream: {address: \"127.0.0.1:3000\"}\n",
                                    LoadOptions{}, gate);
  ASSERT_TRUE(file.snapshot);
  EXPECT_EQ(flags.result.snapshot->effective_yaml, file.snapshot->effective_yaml);
}

TEST(Flags, ErrorsSpeakOfTheFlag) {
  const Loaded loaded(with({{FlagId::rate, "100"}, {FlagId::concurrency, "many"}}));
  EXPECT_FALSE(loaded.result.snapshot);
  EXPECT_THAT(loaded.all_errors(), StartsWith("--rate: "));
  EXPECT_THAT(loaded.all_errors(), HasSubstr("\n--concurrency: "));
}

TEST(Flags, OddValuesStayOneScalar) {
  for (const char* value : {"a: b", "x]}", "\"", "\\", "a\nlisten: b", "#", "[", "&a", "yes", "-",
                            "${WEIR_NO_SUCH_VARIABLE}"}) {
    const Loaded loaded(with({{FlagId::tenant, value}}));
    EXPECT_FALSE(loaded.result.snapshot) << value;
    EXPECT_THAT(loaded.all_errors(), StartsWith("--tenant: ")) << value;
  }
}

TEST(Flags, HaveAnEnvironmentVariableEach) {
  EXPECT_EQ(environment_name(kFlags[0]), "WEIR_LISTEN");
  EXPECT_EQ(environment_name({"--two-words", "", "", ""}), "WEIR_TWO_WORDS");
}

}  // namespace
}  // namespace weir
