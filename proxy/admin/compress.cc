#include "proxy/admin/compress.h"

#define ZLIB_CONST
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <zlib.h>

namespace weir {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool equal_words(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Takes the part up to `mark` off the front of `text`.
std::string_view take(std::string_view& text, char mark) {
  const std::string_view part = text.substr(0, text.find(mark));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return trimmed(part);
}

// A quality in thousandths; what is no number counts as a refusal.
int quality(std::string_view parameters) {
  while (!parameters.empty()) {
    const std::string_view parameter = take(parameters, ';');
    if (parameter.size() < 3 || !equal_words(parameter.substr(0, 2), "q=")) continue;
    const std::string number(parameter.substr(2));
    char* end = nullptr;
    const double q = std::strtod(number.c_str(), &end);
    return *end == '\0' && q >= 0 && q <= 1 ? static_cast<int>(q * 1000) : 0;
  }
  return 1000;
}

}  // namespace

bool wants_gzip(std::string_view accept_encoding) {
  std::optional<int> gzip;
  std::optional<int> any;
  std::optional<int> identity;
  while (!accept_encoding.empty()) {
    std::string_view parameters = take(accept_encoding, ',');
    const std::string_view coding = take(parameters, ';');
    const int q = quality(parameters);
    if (equal_words(coding, "gzip") || equal_words(coding, "x-gzip")) gzip = q;
    if (coding == "*") any = q;
    if (equal_words(coding, "identity")) identity = q;
  }
  // Identity that is not named is the least of the acceptable.
  return gzip.value_or(any.value_or(0)) > 0 &&
         gzip.value_or(any.value_or(0)) >= identity.value_or(0);
}

std::optional<std::string> gzip(std::string_view text) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return std::nullopt;
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<const Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return std::nullopt;
  return out;
}

}  // namespace weir
