// The Debian package, and what is made of the command line's own definition: the manual page and
// the completion for bash.
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "build_info.h"
#include "tests/docs/deployment_files.h"
#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string output_of(const std::string& script) {
  const Finished done = run({"bash", "-c", "set -o pipefail; " + script});
  EXPECT_EQ(done.code, 0) << script << "\n" << done.errors;
  EXPECT_THAT(done.errors, IsEmpty()) << script;
  return done.output;
}

TEST(ManualPage, IsRoffThatGroffTakesWithoutAWarning) {
  find_program("groff", "groff-base");
  const std::string page =
      output_of("'" WEIR_BINARY "' help --man | groff -man -ww -Tutf8 -P-cbou");
  EXPECT_THAT(page, HasSubstr("weir run"));
  EXPECT_THAT(page, HasSubstr("--print-config"));
  EXPECT_THAT(page, HasSubstr("WEIR_CONFIG"));
}

std::string completed(const std::string& words, int at) {
  return output_of("source <('" WEIR_BINARY "' help --completion); COMP_WORDS=(" + words +
                   "); COMP_CWORD=" + std::to_string(at) + "; _weir; echo \"${COMPREPLY[*]}\"");
}

TEST(Completion, KnowsCommandsAndTheirOptions) {
  EXPECT_EQ(completed("weir rel", 1), "reload\n");
  EXPECT_EQ(completed("weir run --pid", 2), "--pid-file\n");
  EXPECT_EQ(completed("weir drain --wait-", 2), "--wait-at-most\n");
  EXPECT_EQ(completed("weir check " WEIR_SOURCE_DIR "/READ", 2), WEIR_SOURCE_DIR "/README.md\n");
  EXPECT_EQ(completed("weir run -c " WEIR_SOURCE_DIR "/READ", 3), WEIR_SOURCE_DIR "/README.md\n");
}

class Package : public ::testing::Test {
 protected:
  void SetUp() override {
    find_program("dpkg-shlibdeps", "dpkg-dev");
    const std::string to = folder_.path();
    output_of("cd '" WEIR_BUILD_DIR "' && cpack -G DEB -B '" + to + "' >/dev/null 2>&1");
    output_of("dpkg-deb -x '" + to + "'/weir_*.deb '" + to + "/root'");
    control_ = output_of("dpkg-deb -f '" + to + "'/weir_*.deb");
  }
  std::string root(const std::string& path) const { return folder_.path() + "/root" + path; }

  TempDir folder_;
  std::string control_;
};

TEST_F(Package, HasWhatItSays) {
  EXPECT_THAT(control_, HasSubstr("Package: weir\n"));
  EXPECT_THAT(control_, HasSubstr("Version: " + std::string(kVersion) + "\n"));
  EXPECT_THAT(control_, HasSubstr("libc6"));
  EXPECT_THAT(control_, HasSubstr("libspdlog"));
  for (const char* path :
       {"/usr/bin/weir", "/usr/share/man/man1/weir.1", "/usr/share/doc/weir/README.md",
        "/usr/share/doc/weir/config.md", "/usr/share/doc/weir/examples/full.yaml",
        "/usr/share/bash-completion/completions/weir", "/etc/logrotate.d/weir"}) {
    EXPECT_TRUE(fs::exists(root(path))) << path;
  }
  EXPECT_THAT(output_of("'" + root("/usr/bin/weir") + "' version"), HasSubstr(kVersion));
}

TEST_F(Package, ItsUnitRunsItsBinaryWithItsConfiguration) {
  const std::string unit = read_file(root("/usr/lib/systemd/system/weir.service"));
  EXPECT_THAT(unit, HasSubstr("ExecStart=weir run -c /etc/weir/weir.yaml "));
  const Finished check = run({WEIR_BINARY, "check", root("/etc/weir/weir.yaml")});
  EXPECT_EQ(check.code, 0) << check.errors;
  EXPECT_THAT(check.errors, IsEmpty());
}

}  // namespace
}  // namespace weir::testing
