#include "proxy/process/fatal.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>

#include "proxy/log/standard_stream.h"

namespace weir {

namespace {

// One write for the line, so that it stays whole among those of other threads.
class Line {
 public:
  Line& add(std::string_view text) {
    const std::size_t size = text.copy(text_.data() + size_, text_.size() - size_);
    size_ += size;
    return *this;
  }
  void write() const {
    StandardStream out(LineSink::Standard::error);
    out.end();
    out.write({text_.data(), size_});
  }

 private:
  std::array<char, 512> text_;
  std::size_t size_ = 0;
};

}  // namespace

void tell_and_abort() noexcept {
  Line line;
  line.add("weir: ending at once: ");
  try {
    if (std::current_exception() == nullptr) {
      line.add("no exception is handled");
    } else {
      throw;
    }
  } catch (const std::bad_alloc&) {
    line.add("out of memory");
  } catch (const std::exception& error) {
    line.add(std::string_view(error.what()).substr(0, 400));
  } catch (...) {
    line.add("an exception of an unknown type");
  }
  line.add("\n").write();
  std::abort();
}

}  // namespace weir
