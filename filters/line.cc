#include "filters/line.h"

namespace weir {

ResourceQueue* ResourceQueue::find(const WaitableResource& cause, const void* owner) {
  ResourceQueue* line = cause.lines_;
  while (line != nullptr && line->owner_ != owner) line = line->next_;
  return line;
}

void ResourceQueue::open(WaitableResource& cause, const void* owner, bool newest_first) {
  cause_ = &cause;
  owner_ = owner;
  newest_first_ = newest_first;
  next_ = cause.lines_;
  cause.lines_ = this;
}

void ResourceQueue::close() {
  ResourceQueue** link = &cause_->lines_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  next_ = nullptr;
  cause_ = nullptr;
}

}  // namespace weir
