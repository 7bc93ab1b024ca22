#include "proxy/process/fatal.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <unistd.h>

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

std::sig_atomic_t has_told = 0;

void on_abort(int) {
  if (has_told != 0) return;  // abort() goes on
  Line line;
  line.add("weir: ending at once: a library aborted, perhaps for lack of memory or threads\n")
      .write();
}

}  // namespace

void tell_of_aborts() {
  struct sigaction action {};
  action.sa_handler = on_abort;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGABRT, &action, nullptr);
}

void tell_and_abort() noexcept {
  bool out_of_memory = false;
  Line line;
  line.add("weir: ending at once: ");
  try {
    if (std::current_exception() == nullptr) {
      line.add("no exception is handled");
    } else {
      throw;
    }
  } catch (const std::bad_alloc&) {
    out_of_memory = true;
    line.add("out of memory");
  } catch (const std::exception& error) {
    line.add(std::string_view(error.what()).substr(0, 400));
  } catch (...) {
    line.add("an exception of an unknown type");
  }
  line.add("\n").write();
  has_told = 1;
  if (out_of_memory) _exit(kOutOfMemory);
  std::abort();
}

}  // namespace weir
