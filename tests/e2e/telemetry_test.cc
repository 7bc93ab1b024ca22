// The listener for kubelet and Prometheus: three pages, and nothing else.
#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct WithTelemetry : Weir {
  explicit WithTelemetry(const std::string& upstream, const std::string& config = "")
      : Weir(upstream,
             "telemetry: {listen: \"127.0.0.1:0\"}\ntenants: {s3cret: {rate: 1/s}}\n"
             "tenant: {secret: true}\nchain: [token_bucket]\n" +
                 config) {
    const auto port = process().wait_for(R"(telemetry on http://127\.0\.0\.1:(\d+))");
    telemetry.port = static_cast<std::uint16_t>(std::stoi(port.value_or("0")));
  }
  Address telemetry;
};

TEST(Telemetry, HasThreePages) {
  Service service;
  WithTelemetry weir(service.text());
  const Response metrics = fetch(weir.telemetry, {"GET", "/metrics?name[]=x"});
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_TRUE(Samples(metrics.body).has("weir_requests_inside"));
  EXPECT_EQ(fetch(weir.telemetry, {"GET", "/live"}).status, 200);
  EXPECT_EQ(fetch(weir.telemetry, {"GET", "/ready"}).status, 200);
  Client client(weir.telemetry);
  ASSERT_TRUE(client.send({"HEAD", "/ready"}));
  EXPECT_EQ(client.read("HEAD").status, 200);
}

TEST(Telemetry, EverythingElseIsNotFound) {
  Service service;
  WithTelemetry weir(service.text());
  for (const char* target :
       {"/", "/config", "/config?format=yaml", "/tenants", "/version", "/drain", "/reload",
        "/metrics/", "//metrics", "/Metrics", "http://127.0.0.1/config", "*", "/%6detrics"}) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
      const Response response =
          fetch(weir.telemetry, {method, target, {{"Host", weir.telemetry.text()}}});
      EXPECT_EQ(response.status, 404) << method << " " << target;
      EXPECT_EQ(response.body, "No such page.\n");
    }
  }
  for (const char* page : {"/metrics", "/live", "/ready"}) {
    EXPECT_EQ(fetch(weir.telemetry, {"POST", page}).status, 404) << page;
  }
  EXPECT_EQ(fetch(weir.admin(), {"GET", "/ready"}).status, 200) << "nobody has drained it";
}

TEST(Telemetry, TellsNoSecret) {
  Service service;
  WithTelemetry weir(service.text());
  EXPECT_THAT(fetch(weir.telemetry, {"GET", "/metrics"}).body, Not(HasSubstr("s3cret")));
}

TEST(Telemetry, IsNotReadyInADrain) {
  Service service;
  WithTelemetry weir(service.text(), "drain: {delay: 1h}\n");
  weir.process().signal(SIGTERM);
  EXPECT_TRUE(eventually([&] { return fetch(weir.telemetry, {"GET", "/ready"}).status == 503; }));
  EXPECT_EQ(fetch(weir.telemetry, {"GET", "/live"}).status, 200);
  EXPECT_EQ(fetch(weir.telemetry, {"GET", "/metrics"}).status, 200);
}

TEST(Telemetry, ManyConnectionsDoNotLockOthersOut) {
  Service service;
  WithTelemetry weir(service.text());
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<Client>(weir.telemetry));
    ASSERT_EQ(idle.back()->get("/live").status, 200);
  }
  EXPECT_EQ(fetch(weir.telemetry, {"GET", "/ready"}).status, 200);
  EXPECT_EQ(weir.admin_get("/live"), "live\n");
}

TEST(Telemetry, TakenPortNamesTheSetting) {
  Service service;
  const TempDir folder;
  const Listener taken;
  const std::string config = folder.write(
      "weir.yaml", "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\nupstream: {address: \"" +
                       service.text() + "\"}\ntelemetry: {listen: \"" + taken.address().text() +
                       "\"}\n");
  const Finished run = run_weir(WEIR_BINARY, {"run", "-c", config});
  EXPECT_EQ(run.code, 1);
  EXPECT_THAT(run.errors, HasSubstr("cannot listen on " + taken.address().text() +
                                    " (telemetry.listen): Address already in use"));
}

TEST(Workers, AutoSaysHowManyAndWhy) {
  Service service;
  Weir weir(service.text(), "workers: auto\nchain: []\n");
  const auto said = weir.process().wait_for(R"(, (\d+) workers? \(\d+ processors?)");
  ASSERT_TRUE(said) << weir.errors();
  EXPECT_EQ(weir.metrics().value("weir_workers"), std::stod(*said));
  Weir told(service.text(), "workers: 2\nchain: []\n");
  EXPECT_TRUE(told.process().wait_for(R"(, 2 workers \(as configured\))"));
  EXPECT_EQ(told.metrics().value("weir_workers"), 2);
}

}  // namespace
}  // namespace weir::testing
