#include "proxy/http/quoting.h"

#include "proxy/http/characters.h"

namespace weir {

namespace {

// `escape(c)` writes what stands for a byte that is not plain.
template <typename Escape>
void write_quoted(HeadWriter& out, std::string_view text, Escape escape) {
  out.add("\"");
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_in_class(text[plain], character_class::kPlain)) ++plain;
    out.add(text.substr(0, plain));
    if (plain == text.size()) break;
    escape(text.substr(plain, 1));
    text.remove_prefix(plain + 1);
  }
  out.add("\"");
}

void write_json_control(HeadWriter& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out.add("\\u00");
  out.add(kHex.substr(byte >> 4, 1));
  out.add(kHex.substr(byte & 15, 1));
}

}  // namespace

void write_structured_string(HeadWriter& out, std::string_view text) {
  write_quoted(out, text, [&out](std::string_view c) {
    if (c == "\"" || c == "\\") {
      out.add_all("\\", c);
    } else {
      out.add("?");
    }
  });
}

void write_json_string(HeadWriter& out, std::string_view text) {
  write_quoted(out, text, [&out](std::string_view c) {
    if (static_cast<unsigned char>(c[0]) < 0x20) return write_json_control(out, c[0]);
    if (c == "\"" || c == "\\") out.add("\\");
    out.add(c);
  });
}

}  // namespace weir
