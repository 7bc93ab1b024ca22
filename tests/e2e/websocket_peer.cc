#include "tests/e2e/websocket_peer.h"

#include <fcntl.h>
#include <filesystem>
#include <stdexcept>
#include <sys/file.h>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace weir::testing {
namespace {

// One at a time: tests run side by side.
class Lock {
 public:
  explicit Lock(const std::string& path)
      : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (fd_ < 0 || ::flock(fd_, LOCK_EX) != 0) throw std::runtime_error("cannot lock " + path);
  }
  ~Lock() { ::close(fd_); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  int fd_;
};

// The folder with the library in node_modules/.
std::string fetch_library() {
  namespace fs = std::filesystem;
  const std::string source = std::string(WEIR_SOURCE_DIR) + "/tests/e2e/websocket";
  std::string folder = std::string(WEIR_BUILD_DIR) + "/websocket";
  const std::string lock_file = "/package-lock.json";
  const std::string done = folder + "/fetched.json";  // the lock file that was fetched by
  const Lock lock(folder + ".lock");
  if (read_file(done) == read_file(source + lock_file)) return folder;
  fs::remove_all(folder);
  fs::create_directories(folder);
  for (const std::string& name : {std::string("/package.json"), lock_file}) {
    fs::copy_file(source + name, folder + name);
  }
  ProcessOptions npm;
  npm.command = {find_program("npm", "npm"), "ci",         "--prefix",  folder,
                 "--ignore-scripts",         "--no-audit", "--no-fund", "--omit=dev"};
  const Finished fetched = run_process(std::move(npm), milliseconds(50'000));
  if (fetched.code != 0) {
    throw std::runtime_error("npm could not fetch the WebSocket library (exit code " +
                             std::to_string(fetched.code) + "): " + fetched.errors);
  }
  fs::copy_file(folder + lock_file, done);
  return folder;
}

}  // namespace

std::unique_ptr<Process> start_websocket_peer(const std::vector<std::string>& arguments) {
  ProcessOptions node;
  node.command = {find_program("node", "nodejs"),
                  std::string(WEIR_SOURCE_DIR) + "/tests/e2e/websocket/peer.js"};
  node.command.insert(node.command.end(), arguments.begin(), arguments.end());
  node.environment["WS_FOLDER"] = fetch_library();
  return std::make_unique<Process>(std::move(node));
}

WebSocketService::WebSocketService() : process_(start_websocket_peer({"serve"})) {
  const auto port = process_->wait_for("listening ([0-9]+)");
  if (!port) throw std::runtime_error("the WebSocket service did not start: " + process_->errors());
  address_.port = static_cast<std::uint16_t>(std::stoi(*port));
}

}  // namespace weir::testing
