// Standard output, redrawn in place where it is a terminal that can, else line by line.
#pragma once

#include <string>
#include <vector>

#include "proxy/demo/text.h"
#include "proxy/log/standard_stream.h"

namespace weir::demo {

class Screen {
 public:
  // Looks at standard output, TERM and NO_COLOR (https://no-color.org).
  Screen();
  ~Screen();  // the cursor is back
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  // There is room to redraw so many lines.
  bool redraws(std::size_t lines) const;
  const Palette& palette() const { return palette_; }
  void print(const std::vector<std::string>& lines);   // below what is there, to stay
  void redraw(const std::vector<std::string>& lines);  // instead of what it drew last
  // The demo ends: whoever reads standard output is not waited for any longer.
  void end() { out_.end(); }

 private:
  void write(const std::string& text);

  StandardStream out_{LineSink::Standard::output};
  bool terminal_ = false;
  std::size_t drawn_ = 0;
  Palette palette_;
};

}  // namespace weir::demo
