#include "proxy/demo/screen.h"

#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weir::demo {

Screen::Screen() {
  const char* term = std::getenv("TERM");
  const char* no_color = std::getenv("NO_COLOR");
  terminal_ = ::isatty(STDOUT_FILENO) == 1 && term && std::string_view(term) != "dumb";
  bool colours = terminal_ && !(no_color && *no_color);
  palette_ = colours ? Palette::coloured() : Palette::plain();
}

Screen::~Screen() {
  if (drawn_ > 0) write("\x1b[?25h");
}

bool Screen::redraws(std::size_t lines) const {
  winsize size{};
  if (!terminal_ || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return false;
  return size.ws_row > lines && size.ws_col >= 80;
}

void Screen::print(const std::vector<std::string>& lines) {
  std::string text;
  if (drawn_ > 0) text = "\x1b[?25h\n";
  drawn_ = 0;
  for (const std::string& line : lines) text += line + "\n";
  write(text);
}

void Screen::redraw(const std::vector<std::string>& lines) {
  std::string text = drawn_ > 0 ? "\x1b[" + std::to_string(drawn_) + "A\r" : "\x1b[?25l";
  for (const std::string& line : lines) text += line + "\x1b[K\n";
  text += "\x1b[J";
  drawn_ = lines.size();
  write(text);
}

void Screen::write(const std::string& text) { out_.write(text); }

}  // namespace weir::demo
