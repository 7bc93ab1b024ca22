#include "proxy/net/event_loop.h"

namespace weir {

std::string EventLoop::open(Owner& owner) {
  owner_ = &owner;
  if (const int error = uv_loop_init(&loop_); error != 0) return uv_strerror(error);
  open_ = true;
  async_.data = this;
  uv_async_init(&loop_, &async_, [](uv_async_t* handle) {
    static_cast<EventLoop*>(handle->data)->owner_->on_wake_up();
  });
  async_open_ = true;
  return poller_.open(loop_, owner_) ? "" : "out of file descriptors";
}

bool EventLoop::alive() {
  if (uv_loop_alive(&loop_) != 0) return true;
  uv_loop_close(&loop_);
  return false;
}

// libuv must not be sent anything after the handle's close.
void EventLoop::wake_up() {
  const std::lock_guard lock(mutex_);
  if (async_open_) uv_async_send(&async_);
}

void EventLoop::stop_wake_ups() {
  {
    const std::lock_guard lock(mutex_);
    if (!async_open_) return;
    async_open_ = false;
  }
  uv_close(reinterpret_cast<uv_handle_t*>(&async_), nullptr);
}

void EventLoop::close() {
  uv_run(&loop_, UV_RUN_DEFAULT);
  uv_loop_close(&loop_);
}

}  // namespace weir
