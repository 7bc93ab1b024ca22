#include "tests/support/nginx.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <sys/stat.h>

#include "tests/support/http_text.h"

namespace weir::testing {
namespace {

constexpr const char* kEchoModule = "/usr/lib/nginx/modules/ngx_http_echo_module.so";

}  // namespace

std::string Nginx::config() const {
  std::string listen = address_.path.empty() ? address_.text() : "unix:" + address_.path;
  std::string dir = folder_.path();
  return "load_module " + std::string(kEchoModule) + ";\n" + R"(
daemon off;
master_process off;
error_log )" +
         dir + R"(/error.log warn;
pid )" + dir +
         R"(/nginx.pid;
events { worker_connections 1024; }
http {
  access_log )" +
         dir + R"(/access.log;
  client_body_temp_path )" +
         dir + R"(/body;
  proxy_temp_path )" +
         dir + R"(/proxy;
  fastcgi_temp_path )" +
         dir + R"(/fastcgi;
  uwsgi_temp_path )" +
         dir + R"(/uwsgi;
  scgi_temp_path )" +
         dir + R"(/scgi;
  client_max_body_size 1g;
  client_body_buffer_size 64m;
  keepalive_requests 1000000;
  default_type application/octet-stream;
  server {
    listen )" +
         listen + R"(;
    root )" +
         dir + R"(/www;
    location = / { default_type text/plain; return 200 "nginx\n"; }
    location = /sized { echo_duplicate $arg_n x; }
    location = /echo { echo_read_request_body; echo_request_body; }
    location = /gzip { gzip on; default_type text/html; return 200 "a page that is long enough"; }
    location = /gzip/proxied {
      gzip on; gzip_proxied any; default_type text/html; return 200 "a page that is long enough";
    }
    location = /headers { echo -n $echo_client_request_headers; }
    location = /status/503 { add_header Retry-After 1 always; return 503; }
    location = /sleep { echo_sleep 1; echo slept; }
    location /store/ { dav_methods PUT DELETE; create_full_put_path on; }
  }
}
)";
}

Nginx::Nginx(bool unix_socket) {
  std::string program = find_program("nginx", "nginx-light");
  if (!std::filesystem::exists(kEchoModule)) {
    throw std::runtime_error("nginx's echo module is missing: apt-get install nginx-light");
  }
  std::filesystem::create_directories(folder_.file("www/store"));
  std::filesystem::permissions(folder_.file("www/store"), std::filesystem::perms::all);
  folder_.write("www/big", pattern_bytes(kBigFile));
  folder_.write("www/gibibyte", "");
  std::filesystem::resize_file(folder_.file("www/gibibyte"), std::uintmax_t{1} << 30);  // sparse
  // Somebody else may take the port in between: then another one.
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (unix_socket) {
      address_.path = folder_.file("nginx.sock");
    } else {
      address_.port = free_port();
    }
    ProcessOptions options;
    options.command = {program,
                       "-p",
                       folder_.path(),
                       "-c",
                       folder_.write("nginx.conf", config()),
                       "-e",
                       folder_.file("error.log")};
    process_ = std::make_unique<Process>(std::move(options));
    bool up =
        eventually([&] { return Socket::try_connect(address_).open() || !process_->running(); });
    if (up && process_->running()) return;
  }
  throw std::runtime_error("nginx does not start: " + process_->errors() + error_log());
}

std::size_t Nginx::logged_requests() const {
  std::string log = access_log();
  return static_cast<std::size_t>(std::ranges::count(log, '\n'));
}

}  // namespace weir::testing
