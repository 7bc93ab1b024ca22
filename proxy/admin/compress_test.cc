#include "proxy/admin/compress.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace weir {
namespace {

TEST(AcceptEncoding, QualitiesAreHeeded) {
  for (const char* yes : {"gzip", "GZIP", "x-gzip", "deflate, gzip;q=0.5", "*", "gzip;q=1.0, *;q=0",
                          "gzip ; Q=0.001", "identity;q=0.5, gzip;q=0.5", "br;q=1,gzip,"}) {
    EXPECT_TRUE(wants_gzip(yes)) << yes;
  }
  for (const char* no : {"", "identity", "gzip;q=0", "gzip;q=0.0, *", "*;q=0", "br", "gzipx",
                         "gzip;q=0.4, identity;q=0.8", "gzip;q=abc", "gzip;q=2"}) {
    EXPECT_FALSE(wants_gzip(no)) << no;
  }
}

TEST(Gzip, ComesBackAsItWas) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "weir_arrivals_total " + std::to_string(i) + "\n";
  const auto packed = gzip(text);
  ASSERT_TRUE(packed.has_value());
  EXPECT_LT(packed->size(), text.size() / 2);
  std::string out(text.size(), '\0');
  z_stream stream{};
  ASSERT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed->data()));
  stream.avail_in = static_cast<uInt>(packed->size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  inflateEnd(&stream);
  EXPECT_EQ(out, text);
}

}  // namespace
}  // namespace weir
