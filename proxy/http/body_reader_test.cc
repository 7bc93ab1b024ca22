#include "proxy/http/body_reader.h"

#include <string>

#include <gtest/gtest.h>

#include "proxy/http/chunk.h"

namespace weir {
namespace {

using Result = BodyReader::Result;
constexpr Framing kChunked{Framing::Kind::chunked, 0};

struct Read {
  Result result = Result::more;
  std::string payload, rest;
  BadRequest bad = BadRequest::none;
};

// Reads `text` in pieces of `step` bytes.
Read read_all(std::string text, const Framing& framing, std::size_t step) {
  BodyReader reader;
  reader.begin(framing);
  Read read;
  std::size_t at = 0;
  while (at < text.size() && read.result == Result::more) {
    BodyReader::Piece piece;
    const std::size_t n = std::min(step, text.size() - at);
    read.result = reader.read(text.data() + at, n, piece);
    read.payload.append(text.data() + at, piece.payload);
    at += piece.consumed;
    if (read.result == Result::more) {
      EXPECT_EQ(piece.consumed, n);
    }
  }
  read.rest = text.substr(at);
  read.bad = reader.bad();
  return read;
}

TEST(BodyReader, GathersChunksHoweverTheyCome) {
  const std::string text =
      "3\r\nabc\r\n004;a=b;c=\"d\\\";\"\r\ndefg\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nrest";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Read read = read_all(text, kChunked, step);
    ASSERT_EQ(read.result, Result::done) << step;
    EXPECT_EQ(read.payload, "abcdefg0123456789") << step;
    EXPECT_EQ(read.rest, "rest") << step;
  }
}

TEST(BodyReader, RefusesWhatIsNoChunk) {
  const struct {
    std::string text;
    BadRequest expected;
  } cases[] = {
      {"\r\n", BadRequest::bad_chunk_size},
      {"g\r\n", BadRequest::bad_chunk_size},
      {"-1\r\n", BadRequest::bad_chunk_size},
      {"0x1\r\n", BadRequest::bad_chunk_size},
      {" 1\r\n", BadRequest::bad_chunk_size},
      {"1 \r\n", BadRequest::bad_chunk_size},
      {"1\n", BadRequest::bad_chunk_size},
      {"1\ra", BadRequest::bad_chunk_size},
      {"1000000000000000\r\n", BadRequest::bad_chunk_size},
      {"0000000000000001\r\n", BadRequest::bad_chunk_size},
      {"1;a\n", BadRequest::bad_chunk},
      {"1;a b\r\n", BadRequest::bad_chunk},
      {"1;a=\"\r\n", BadRequest::bad_chunk},
      {"1;\r\n", BadRequest::bad_chunk},
      {"1;a=\r\n", BadRequest::bad_chunk},
      {"1;=b\r\n", BadRequest::bad_chunk},
      {"1;a=b=c\r\n", BadRequest::bad_chunk},
      {"1;a\"b\"\r\n", BadRequest::bad_chunk},
      {"1;a=\"b\"c\r\n", BadRequest::bad_chunk},
      {"1;" + std::string(300, 'a') + "\r\n", BadRequest::chunk_extension_too_long},
      {"1\r\nab\r\n", BadRequest::bad_chunk},
      {"1\r\na\n", BadRequest::bad_chunk},
      {"1\r\na\rb", BadRequest::bad_chunk},
      {"0\r\nX y: z\r\n\r\n", BadRequest::bad_trailer},
      {"0\r\n x: z\r\n\r\n", BadRequest::bad_trailer},
      {"0\r\n: z\r\n\r\n", BadRequest::bad_trailer},
      {"0\r\nX: y\n\r\n", BadRequest::bad_trailer},
      {"0\r\nX: y\r\n z\r\n\r\n", BadRequest::bad_trailer},
      {"0\r\n\rX", BadRequest::bad_trailer},
      {"0\r\nContent-Length: 1\r\n\r\n", BadRequest::forbidden_trailer},
      {"0\r\ntransfer-encoding: chunked\r\n\r\n", BadRequest::forbidden_trailer},
      {"0\r\nHost: a\r\n\r\n", BadRequest::forbidden_trailer},
      {"0\r\nAuthorization: a\r\n\r\n", BadRequest::forbidden_trailer},
      {"0\r\nX-Forwarded-For: a\r\n\r\n", BadRequest::forbidden_trailer},
      {"0\r\nX: " + std::string(5000, 'a'), BadRequest::trailer_too_large},
  };
  for (const auto& c : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, c.text.size()}) {
      const Read read = read_all(c.text, kChunked, step);
      EXPECT_EQ(read.result, Result::bad) << c.text << " by " << step;
      EXPECT_EQ(to_string(read.bad), to_string(c.expected)) << c.text;
    }
  }
}

TEST(BodyReader, CountsALength) {
  const Read read = read_all("abcdef", {Framing::Kind::length, 4}, 3);
  EXPECT_EQ(read.result, Result::done);
  EXPECT_EQ(read.payload, "abcd");
  EXPECT_EQ(read.rest, "ef");
  BodyReader reader;
  reader.begin({Framing::Kind::length, 10});
  EXPECT_EQ(reader.remaining(), 10U);
  reader.begin({Framing::Kind::none, 0});
  EXPECT_TRUE(reader.done());
  reader.begin(kChunked);
  EXPECT_EQ(reader.remaining(), UINT64_MAX);
}

TEST(Chunk, IsWrittenOnceForEachPiece) {
  ChunkSize size;
  EXPECT_EQ(size.write(0x1a2b), "1a2b\r\n");
  EXPECT_EQ(size.write(SIZE_MAX), "ffffffffffffffff\r\n");
  EXPECT_EQ(chunk_end(true, false), "\r\n");
  EXPECT_EQ(chunk_end(true, true), "\r\n0\r\n\r\n");
  EXPECT_EQ(chunk_end(false, true), "0\r\n\r\n");
  EXPECT_EQ(chunk_end(false, false), "");
}

}  // namespace
}  // namespace weir
