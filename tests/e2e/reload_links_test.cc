// A configuration that changes by a symlink: each swap of it is a reload, wherever on the way to
// the file the link stands.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/e2e/fixture.h"

namespace weir::testing {
namespace {

namespace fs = std::filesystem;

// How a deployment puts the file there. In each, `link` leads to the folder of one version.
struct Layout {
  const char* name;
  const char* link;         // swapped
  const char* in_version;   // the file, in a version's folder
  const char* shown;        // a link that stays, if not empty
  const char* leads_to;     // where that leads to
  const char* config;       // what weir is given
  bool removes_old = true;  // as kubelet does
};

void PrintTo(const Layout& layout, std::ostream* out) { *out << layout.name; }

class ReloadLinks : public ::testing::TestWithParam<Layout> {
 protected:
  // Another version of the file, and the link swapped to it.
  void put(int version, const std::string& rest) {
    const std::string folder = "version" + std::to_string(version);
    const fs::path file = at(folder + "/" + GetParam().in_version);
    fs::create_directories(file.parent_path());
    std::ofstream(file) << "listen: 127.0.0.1:0\nadmin: {listen: \"127.0.0.1:0\"}\nupstream: "
                        << "{address: \"" << service_.text() << "\"}\n"
                        << rest;
    fs::create_directory_symlink(folder, at("swap"));
    fs::rename(at("swap"), at(GetParam().link));
    if (GetParam().removes_old) fs::remove_all(at("version" + std::to_string(version - 1)));
  }
  fs::path at(const std::string& name) const { return fs::path(folder_.path()) / name; }

  Service service_;
  TempDir folder_;
};

TEST_P(ReloadLinks, EachSwapIsSeen) {
  const std::string open = "chain: []\n";
  const std::string denied = "tenants: {evil: {deny: true}}\nchain: []\n";
  put(0, open);
  if (*GetParam().shown != '\0') fs::create_symlink(GetParam().leads_to, at(GetParam().shown));
  ProcessOptions options;
  options.command = {WEIR_BINARY, "run", "-c", at(GetParam().config)};
  Process weir(std::move(options));
  const auto port = weir.wait_for(R"(listening on 127.0.0.1:(\d+))");
  ASSERT_TRUE(port) << weir.errors();
  Address address;
  address.port = static_cast<std::uint16_t>(std::stoi(*port));
  const auto status = [&] { return fetch(address, {"GET", "/", {{"x-tenant", "evil"}}}).status; };
  EXPECT_EQ(status(), 200);
  for (int version = 1; version <= 4; ++version) {
    const bool refuses = version % 2 == 1;
    put(version, refuses ? denied : open);
    EXPECT_TRUE(eventually([&] { return status() == (refuses ? 403 : 200); }))
        << "version " << version << ": " << weir.errors();
  }
  weir.signal(SIGTERM);
  EXPECT_EQ(weir.wait(), 0) << weir.errors();
}

constexpr Layout kLayouts[] = {
    {"ConfigMap", "..data", "weir.yaml", "weir.yaml", "..data/weir.yaml", "weir.yaml"},
    {"ConfigMapWithASubfolder", "..data", "conf/weir.yaml", "conf", "..data/conf",
     "conf/weir.yaml"},
    {"GitSync", "current", "etc/weir.yaml", "", "", "current/etc/weir.yaml", false},
    {"LinkToALinkedFile", "..data", "a/b/weir.yaml", "config", "..data/a", "config/b/weir.yaml"},
};
INSTANTIATE_TEST_SUITE_P(Layouts, ReloadLinks, ::testing::ValuesIn(kLayouts),
                         [](const ::testing::TestParamInfo<Layout>& layout) {
                           return layout.param.name;
                         });

}  // namespace
}  // namespace weir::testing
