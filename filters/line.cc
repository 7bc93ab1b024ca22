#include "filters/line.h"

namespace weir {

SubLine* SubLine::find(const Cause& cause, const void* owner) {
  SubLine* line = cause.lines_;
  while (line != nullptr && line->owner_ != owner) line = line->next_;
  return line;
}

void SubLine::open(Cause& cause, const void* owner, bool newest_first) {
  cause_ = &cause;
  owner_ = owner;
  newest_first_ = newest_first;
  next_ = cause.lines_;
  cause.lines_ = this;
}

void SubLine::close() {
  SubLine** link = &cause_->lines_;
  while (*link != this) link = &(*link)->next_;
  *link = next_;
  next_ = nullptr;
  cause_ = nullptr;
}

}  // namespace weir
