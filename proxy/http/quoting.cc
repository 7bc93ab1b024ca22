#include "proxy/http/quoting.h"

namespace weir {

namespace {

void write_json_control(HeadWriter& out, char c) {
  constexpr std::string_view kHex = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  out.add("\\u00");
  out.add(kHex.substr(byte >> 4, 1));
  out.add(kHex.substr(byte & 15, 1));
}

}  // namespace

void write_structured_string(HeadWriter& out, std::string_view text) {
  out.add("\"");
  for (const char& c : text) {
    if (c == '"' || c == '\\') out.add("\\");
    const bool holds = c >= 0x20 && c < 0x7f;
    out.add(holds ? std::string_view{&c, 1} : "?");
  }
  out.add("\"");
}

void write_json_string(HeadWriter& out, std::string_view text) {
  out.add("\"");
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool control = static_cast<unsigned char>(c) < 0x20;
    if (!control && c != '"' && c != '\\') continue;
    out.add(text.substr(plain, i - plain));
    plain = i + 1;
    if (control) {
      write_json_control(out, c);
    } else {
      out.add("\\");
      out.add(text.substr(i, 1));
    }
  }
  out.add(text.substr(plain));
  out.add("\"");
}

}  // namespace weir
