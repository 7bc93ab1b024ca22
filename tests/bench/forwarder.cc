// The floor under a proxy that is built on libuv and llhttp: bench_forwarder BACKEND_PORT. Each
// client's connection has one of its own to the backend; what comes is parsed, as far as to know
// where messages end, and goes on as it is. No pool, no route, no limit, no metric, no timeout.
//
// Says "port N" on stdout when it is ready; ends by a signal.
#include <array>
#include <csignal>
#include <memory>

#include <llhttp.h>
#include <uv.h>

#include "tests/bench/endpoint.h"

namespace weir::bench {
namespace {

struct Pair;

struct End {
  uv_tcp_t socket;
  llhttp_t parser;
  Pair* pair;
  End* peer;
};

struct Pair {
  End client, backend;
  int open = 2;
};

std::array<char, 64 * 1024> buffer;
llhttp_settings_t settings;

void close_both(Pair& pair) {
  for (End* end : {&pair.client, &pair.backend}) {
    auto* handle = reinterpret_cast<uv_handle_t*>(&end->socket);
    if (uv_is_closing(handle) != 0) continue;
    uv_close(handle, [](uv_handle_t* h) {
      Pair* over = static_cast<End*>(h->data)->pair;
      if (--over->open == 0) delete over;
    });
  }
}

void on_read(uv_stream_t* stream, ssize_t n, const uv_buf_t* bytes) {
  if (n == 0) return;
  End& end = *static_cast<End*>(stream->data);
  if (n < 0) return close_both(*end.pair);
  const auto size = static_cast<std::size_t>(n);
  if (llhttp_execute(&end.parser, bytes->base, size) != HPE_OK) return close_both(*end.pair);
  const uv_buf_t out = uv_buf_init(bytes->base, static_cast<unsigned>(size));
  auto* to = reinterpret_cast<uv_stream_t*>(&end.peer->socket);
  // Only small messages come here: a socket that does not take one whole is given up.
  if (uv_try_write(to, &out, 1) != n) close_both(*end.pair);
}

void begin(uv_loop_t* loop, Pair& pair, End& end, End& peer, int fd, llhttp_type_t type) {
  end.pair = &pair;
  end.peer = &peer;
  llhttp_init(&end.parser, type, &settings);
  uv_tcp_init(loop, &end.socket);
  end.socket.data = &end;
  if (uv_tcp_open(&end.socket, fd) != 0) give_up("uv_tcp_open");
  uv_read_start(
      reinterpret_cast<uv_stream_t*>(&end.socket),
      [](uv_handle_t*, std::size_t, uv_buf_t* room) {
        *room = uv_buf_init(buffer.data(), static_cast<unsigned>(buffer.size()));
      },
      on_read);
}

struct Listener {
  uv_poll_t poll;
  int fd;
  std::uint16_t backend;

  void accept_all() {
    for (int client; (client = accept_from(fd)) >= 0;) {
      auto* pair = new Pair;
      begin(poll.loop, *pair, pair->client, pair->backend, client, HTTP_REQUEST);
      begin(poll.loop, *pair, pair->backend, pair->client, connect_to(backend), HTTP_RESPONSE);
    }
  }
};

int run(std::uint16_t backend) {
  llhttp_settings_init(&settings);
  uv_loop_t* const loop = uv_default_loop();
  Listener listener{{}, listen_on(0, false), backend};
  uv_poll_init(loop, &listener.poll, listener.fd);
  listener.poll.data = &listener;
  uv_poll_start(&listener.poll, UV_READABLE, [](uv_poll_t* poll, int, int) {
    static_cast<Listener*>(poll->data)->accept_all();
  });
  uv_signal_t over;
  uv_signal_init(loop, &over);
  uv_signal_start(
      &over, [](uv_signal_t* s, int) { uv_stop(s->loop); }, SIGTERM);
  tell_port(listener.fd);
  uv_run(loop, UV_RUN_DEFAULT);
  return 0;
}

}  // namespace
}  // namespace weir::bench

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: bench_forwarder BACKEND_PORT\n", stderr);
    return 2;
  }
  return weir::bench::run(static_cast<std::uint16_t>(std::atoi(argv[1])));
}
