// For the tests of the poller and its streams: socket pairs whose other ends the test holds.
#pragma once

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/net/poller.h"
#include "proxy/net/stream.h"

namespace weir {

inline std::string name_of(NetError error) {
  if (error == NetError::end_of_stream) return "EOF";
  return ::strerrorname_np(static_cast<int>(error));
}

class PollerProbe final : public Stream {
 public:
  explicit PollerProbe(Poller& poller) : Stream(poller) {}

  using Stream::connect_pipe;
  using Stream::connect_tcp;
  using Stream::finish_connecting_now;
  using Stream::open;

  Written put(std::string_view text, When when = When::with_others) {
    std::array<iovec, 1> buffers = {buffer_of(text)};
    return write(buffers, &taken, when);
  }

  std::string got;
  std::vector<std::string> told;
  std::size_t taken = 0;
  std::size_t room = Poller::kLargeBuffer;
  std::size_t longest = 0;
  std::function<void()> on_bytes;
  bool* deleted = nullptr;

 private:
  ~PollerProbe() override {
    if (deleted != nullptr) *deleted = true;
  }
  void on_connected(NetError error) override {
    told.push_back(error == NetError::none ? "connected" : name_of(error));
  }
  std::size_t read_room() const override { return room; }
  void on_read(char* data, std::size_t size) override {
    got.append(data, size);
    longest = std::max(longest, size);
    if (on_bytes) on_bytes();
  }
  void on_end(NetError error) override { told.emplace_back(name_of(error)); }
  void on_backlog() override { told.emplace_back("backlog"); }
  void on_drained() override { told.emplace_back("drained"); }
  void on_write_failed() override { told.emplace_back("failed"); }
};

// On a free port of the loopback; `address` says which.
inline int bound_socket(sockaddr& address) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd, &address, &size), 0);
  return fd;
}

class CountingHost final : public Poller::Host {
 public:
  void between_groups() override { ++calls; }
  int calls = 0;
};

class PollerTest : public testing::Test {
 protected:
  PollerTest() {
    uv_loop_init(&loop_);
    EXPECT_TRUE(poller_.open(loop_, &host_));
  }
  ~PollerTest() override {
    for (PollerProbe* probe : probes_) probe->close();
    turn();  // who is listed is passed over first
    poller_.delete_closed();
    EXPECT_EQ(poller_.streams(), 0U);
    for (const int peer : peers_) {
      if (peer >= 0) ::close(peer);
    }
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }

  // With a peer that the test holds; peers_ has it in the same place.
  PollerProbe& open() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    PollerProbe* probe = probes_.emplace_back(new PollerProbe(poller_));
    peers_.push_back(ends[1]);
    EXPECT_EQ(probe->open(ends[0]), NetError::none);
    probe->start_reading();
    return *probe;
  }
  void turn() { poller_.turn(false); }

  void say(std::size_t peer, const std::string& text) {
    ASSERT_EQ(::send(peers_[peer], text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  std::string heard(std::size_t peer) {
    std::string all;
    std::array<char, 64 << 10> bytes;
    for (;;) {
      const ssize_t n = ::recv(peers_[peer], bytes.data(), bytes.size(), 0);
      if (n <= 0) return all;
      all.append(bytes.data(), static_cast<std::size_t>(n));
    }
  }
  bool ended(std::size_t peer) {
    char byte = 0;
    return ::recv(peers_[peer], &byte, 1, 0) == 0;
  }
  void hang_up(std::size_t peer) { ::close(std::exchange(peers_[peer], -1)); }
  // Writes until the socket is full, in pieces that are sent with others.
  std::string fill(PollerProbe& probe) {
    std::string all;
    while (!probe.has_pending()) {
      const std::string piece(1000, static_cast<char>('a' + all.size() / 1000 % 26));
      EXPECT_EQ(probe.put(piece), Stream::Written::whole);
      all += piece;
      poller_.flush();
    }
    return all;
  }

  uv_loop_t loop_{};
  BufferPool buffers_;
  CountingHost host_;
  Poller poller_{buffers_};
  std::vector<PollerProbe*> probes_;
  std::vector<int> peers_;
};

// --- reading

}  // namespace weir
