#include "proxy/http/trailers.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/http1/body_reader.h"
#include "proxy/http1/chunk.h"
#include "proxy/http1/head_parser.h"

namespace weir {
namespace {

using namespace std::string_literals;

struct TrailersTest : ::testing::Test {
  BufferPool pool;
  WriteScratch scratch;
  std::string head_text;
  Head head;
  Trailers trailers;

  void declare(const std::string& fields) {
    head_text = "POST / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
    ASSERT_EQ(read_request_head(head_text, head), MessageError::none);
    trailers.begin(pool, head);
  }
  // Reads a chunked body, so many bytes at a time, and says what goes on behind it.
  std::string after(std::string body, std::size_t piece_size) {
    BodyReader reader;
    Framing framing;
    framing.kind = Framing::Kind::chunked;
    reader.begin(framing, &trailers, BodyReader::ForbiddenTrailers::dropped);
    for (std::size_t at = 0; at < body.size() && !reader.done(); at += piece_size) {
      BodyReader::Piece piece;
      EXPECT_NE(reader.read(body.data() + at, std::min(piece_size, body.size() - at), piece),
                BodyReader::Result::bad);
    }
    EXPECT_TRUE(reader.done());
    return std::string(chunk_end(true, true, trailers, scratch));
  }
};

TEST_F(TrailersTest, DeclaredOnesPassHoweverTheyCome) {
  for (std::size_t size = 1; size < 60; ++size) {
    declare("Trailer: X-Sum, x-more\r\nTrailer: ,X-Last\r\n");
    EXPECT_EQ(
        after("1\r\na\r\n0\r\nx-sum:  1 \r\nX-Other: 2\r\nX-MORE:\r\nX-Last: 3: 4\r\n\r\n"s, size),
        "\r\n0\r\nx-sum: 1\r\nX-MORE: \r\nX-Last: 3: 4\r\n\r\n")
        << size;
  }
}

TEST_F(TrailersTest, UndeclaredOnesAreDropped) {
  declare("");
  EXPECT_EQ(after("0\r\nX-Sum: 1\r\n\r\n", 100), "\r\n0\r\n\r\n");
}

TEST_F(TrailersTest, WhatConnectionListsIsOfTheHop) {
  declare("Trailer: X-Sum, X-Hop\r\nConnection: x-hop\r\n");
  EXPECT_EQ(after("0\r\nX-Hop: 1\r\nX-Sum: 2\r\n\r\n", 100), "\r\n0\r\nX-Sum: 2\r\n\r\n");
  declare("Trailer: X-Sum\r\nConnection: trailer\r\n");
  EXPECT_EQ(after("0\r\nX-Sum: 2\r\n\r\n", 100), "\r\n0\r\n\r\n");
}

TEST_F(TrailersTest, WhatFramesRoutesOrAuthorisesNeverPasses) {
  declare("Trailer: Content-Length, X-Sum, Set-Cookie, X-Forwarded-Proto\r\n");
  EXPECT_EQ(after("0\r\nContent-Length: 1\r\nX-Sum: 2\r\nset-cookie: a\r\n"
                  "X-Forwarded-Proto: https\r\n\r\n",
                  100),
            "\r\n0\r\nX-Sum: 2\r\n\r\n");
}

TEST_F(TrailersTest, OneMessageDoesNotSeeTheOneBefore) {
  declare("Trailer: X-Sum\r\n");
  after("0\r\nX-Sum: 1\r\n\r\n", 100);
  declare("");
  EXPECT_EQ(after("0\r\nX-Sum: 2\r\n\r\n", 100), "\r\n0\r\n\r\n");
}

TEST_F(TrailersTest, NamesAreFoundDeclaredOrNot) {
  declare("");
  after("0\r\nX-TENANT: acme\r\n\r\n", 100);
  EXPECT_TRUE(trailers.any_of(std::vector{"x-tenant"s}));
  EXPECT_FALSE(trailers.any_of(std::vector{"x-tenan"s, "acme"s}));
}

TEST(TakesTrailers, IfTeSaysSo) {
  const auto takes = [](const std::string& te, const std::string& version = "1.1") {
    const std::string text = "GET / HTTP/" + version + "\r\nHost: h\r\n" + te + "\r\n";
    Head head;
    EXPECT_EQ(read_request_head(text, head), MessageError::none);
    return takes_trailers(head);
  };
  EXPECT_TRUE(takes("TE: trailers\r\n"));
  EXPECT_TRUE(takes("TE: gzip;q=0\r\nTE: deflate, Trailers ;q=0.5\r\n"));
  EXPECT_FALSE(takes(""));
  EXPECT_FALSE(takes("TE: gzip\r\n"));
  EXPECT_FALSE(takes("TE: trailers;q=0.0\r\n"));
  EXPECT_FALSE(takes("TE: x-trailers\r\n"));
  EXPECT_FALSE(takes("TE: trailers\r\n", "1.0"));
}

}  // namespace
}  // namespace weir
