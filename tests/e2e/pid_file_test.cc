// weir run --pid-file, and what it is for: logrotate with two weirs on one host.
#include <filesystem>
#include <string>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

WeirOptions with_pid_file(const std::string& upstream, const std::string& path,
                          const std::string& config = "chain: []\n") {
  WeirOptions options = with_chain(upstream, config);
  options.arguments = {"--pid-file", path};
  return options;
}

TEST(PidFile, IsThereWhileWeirRuns) {
  Service service;
  TempDir folder;
  const std::string path = folder.file("weir.pid");
  Weir weir(with_pid_file(service.text(), path));
  EXPECT_EQ(read_file(path), std::to_string(weir.process().pid()) + "\n");
  EXPECT_EQ(weir.stop(), 0);
  EXPECT_FALSE(fs::exists(path));
}

TEST(PidFile, OfARunningWeirIsRefused) {
  Service service;
  TempDir folder;
  const std::string path = folder.file("weir.pid");
  Weir weir(with_pid_file(service.text(), path));
  const Finished second =
      run_weir(WEIR_BINARY, {"run", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0",
                             "--upstream", service.text(), "--pid-file", path});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.errors, HasSubstr("belongs to a running weir (process " +
                                       std::to_string(weir.process().pid()) + ")"));
  EXPECT_THAT(second.errors, Not(HasSubstr("listening")));
  EXPECT_EQ(weir.get().status, 200);
  EXPECT_TRUE(fs::exists(path));
}

TEST(PidFile, OfAWeirThatWasKilledIsTakenOver) {
  Service service;
  TempDir folder;
  const std::string path = folder.file("weir.pid");
  {
    Weir weir(with_pid_file(service.text(), path));
    weir.process().kill();
  }
  ASSERT_TRUE(fs::exists(path));
  Weir weir(with_pid_file(service.text(), path));
  EXPECT_EQ(read_file(path), std::to_string(weir.process().pid()) + "\n");
}

TEST(PidFile, IsGoneAfterAStartThatFailedAndAfterASecondSignal) {
  TempDir folder;
  const std::string path = folder.file("weir.pid");
  Service service;
  const Finished failed =
      run_weir(WEIR_BINARY, {"run", "--listen", service.text(), "--admin", "127.0.0.1:0",
                             "--upstream", service.text(), "--pid-file", path});
  EXPECT_EQ(failed.code, 1);
  EXPECT_FALSE(fs::exists(path));
  Weir weir(with_pid_file(service.text(), path, "drain: {delay: 1h}\nchain: []\n"));
  weir.process().signal(SIGTERM);
  ASSERT_TRUE(weir.process().wait_for("draining"));
  weir.process().signal(SIGTERM);
  EXPECT_EQ(weir.process().wait(), 3);
  EXPECT_FALSE(fs::exists(path));
}

// --- logrotate, by the recipe in docs/operating.md

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct Rotated {
  explicit Rotated(const std::string& upstream)
      : weir(with_pid_file(upstream, folder.file("weir.pid"),
                           "access_log: {to: " + folder.file("access.json") + "}\nchain: []\n")) {}

  std::string recipe() const {
    const std::string page = read_file(WEIR_SOURCE_DIR "/docs/operating.md");
    const std::size_t begin = page.find("/var/log/weir/access.json {");
    const std::string text = page.substr(begin, page.find("```", begin) - begin);
    return replaced(replaced(text, "/var/log/weir/access.json", folder.file("access.json")),
                    "/run/weir/weir.pid", folder.file("weir.pid"));
  }
  bool logs(const std::string& file, const std::string& path) const {
    return eventually([&] { return read_file(folder.file(file)).find(path) != std::string::npos; });
  }

  TempDir folder;
  Weir weir;
};

TEST(PidFile, LogrotateRotatesTheLogsOfTwoWeirs) {
  Service service;
  Rotated one(service.text()), other(service.text());
  TempDir folder;
  const std::string config = folder.write("logrotate.conf", one.recipe() + other.recipe());
  const std::string program = find_program("logrotate", "logrotate");
  for (const Rotated* each : {&one, &other}) {
    ASSERT_EQ(each->weir.get("/before").status, 200);
    ASSERT_TRUE(each->logs("access.json", "/before"));
  }
  ProcessOptions options;
  options.command = {program, "--force", "--state", folder.file("state"), config};
  const Finished rotated = run_process(std::move(options));
  ASSERT_EQ(rotated.code, 0) << rotated.output << rotated.errors;
  for (Rotated* each : {&one, &other}) {
    ASSERT_TRUE(each->weir.process().wait_for("access log: opened")) << each->weir.errors();
    EXPECT_EQ(each->weir.get("/after").status, 200);
    EXPECT_TRUE(each->logs("access.json", "/after"));
    EXPECT_THAT(read_file(each->folder.file("access.json")), Not(HasSubstr("/before")));
    EXPECT_TRUE(each->logs("access.json.1", "/before"));
  }
}

}  // namespace
}  // namespace weir::testing
