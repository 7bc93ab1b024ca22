#include "proxy/http1/body_reader.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "proxy/http1/chunk.h"

namespace weir {
namespace {

using Result = BodyReader::Result;
constexpr Framing kChunked{Framing::Kind::chunked, 0};

struct Read {
  Result result = Result::more;
  std::string payload, rest;
  MessageError bad = MessageError::none;
};

// Reads `text` in pieces that end at `ends`.
Read read_cut(std::string text, const Framing& framing, const std::vector<std::size_t>& ends) {
  BodyReader reader;
  reader.begin(framing);
  Read read;
  std::size_t at = 0;
  for (const std::size_t end : ends) {
    if (read.result != Result::more) break;
    BodyReader::Piece piece;
    const std::size_t n = end - at;
    read.result = reader.read(text.data() + at, n, piece);
    read.payload.append(text.data() + at, piece.payload);
    at += piece.consumed;
    if (read.result == Result::more) {
      EXPECT_EQ(piece.consumed, n);
    }
  }
  if (read.result != Result::bad) {
    EXPECT_EQ(reader.received(), read.payload.size());
  }
  read.rest = text.substr(at);
  read.bad = reader.bad();
  return read;
}

// The same in pieces of `step` bytes.
Read read_all(const std::string& text, const Framing& framing, std::size_t step) {
  std::vector<std::size_t> ends;
  for (std::size_t end = 0; end < text.size();) {
    ends.push_back(end = std::min(end + step, text.size()));
  }
  return read_cut(text, framing, ends);
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

TEST(BodyReader, ReadsWhiteSpaceInExtensions) {
  const std::string text = "3 ;\t a = b ; c=\"d e\"\t;f\r\nabc\r\n0\t;\tg=\t\"\"\r\n\r\nrest";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    const Read read = read_all(text, kChunked, step);
    ASSERT_EQ(read.result, Result::done) << step;
    EXPECT_EQ(read.payload, "abc") << step;
    EXPECT_EQ(read.rest, "rest") << step;
  }
}

TEST(BodyReader, PassesOverForbiddenTrailersWhereTheyAreDropped) {
  BodyReader reader;
  for (const std::string name : {"Content-Length", "transfer-encoding", "Host", "Set-Cookie"}) {
    std::string text = "1\r\na\r\n0\r\n" + name + ": 1\r\n\r\n";
    reader.begin(kChunked, nullptr, BodyReader::ForbiddenTrailers::dropped);
    BodyReader::Piece piece;
    EXPECT_EQ(reader.read(text.data(), text.size(), piece), Result::done) << name;
    EXPECT_EQ(piece.payload, 1U);
  }
}

std::string trailer_lines(std::size_t n) {
  std::string lines;
  while (n-- != 0) lines += "a:\r\n";
  return lines + "\r\n";
}

TEST(BodyReader, TakesAsManyTrailersAsItsBound) {
  const std::string text = "0\r\n" + trailer_lines(BodyReader::kMaxTrailerLines);
  EXPECT_EQ(read_all(text, kChunked, text.size()).result, Result::done);
}

TEST(BodyReader, SaysWhereFramingIsMostOfWhatItRead) {
  const auto is_mostly_framing = [](const std::string& chunk) {
    std::string text;
    while (text.size() < 60'000) text += chunk;
    BodyReader reader;
    reader.begin(kChunked);
    BodyReader::Piece piece;
    EXPECT_EQ(reader.read(text.data(), text.size(), piece), Result::more);
    return piece.is_mostly_framing();
  };
  EXPECT_TRUE(is_mostly_framing("1\r\na\r\n"));
  EXPECT_TRUE(is_mostly_framing("2;a=\"b\"\r\nab\r\n"));
  EXPECT_FALSE(is_mostly_framing("10\r\n0123456789abcdef\r\n"));
}

TEST(BodyReader, RefusesWhatIsNoChunk) {
  const struct {
    std::string text;
    MessageError expected;
  } cases[] = {
      {"\r\n", MessageError::bad_chunk_size},
      {"g\r\n", MessageError::bad_chunk_size},
      {"-1\r\n", MessageError::bad_chunk_size},
      {"0x1\r\n", MessageError::bad_chunk_size},
      {" 1\r\n", MessageError::bad_chunk_size},
      {"1 \r\n", MessageError::bad_chunk_size},
      {"1\t \r\n", MessageError::bad_chunk_size},
      {"1 \n", MessageError::bad_chunk_size},
      {"1 2\r\n", MessageError::bad_chunk_size},
      {"1 =a\r\n", MessageError::bad_chunk_size},
      {"1\n", MessageError::bad_chunk_size},
      {"1\ra", MessageError::bad_chunk_size},
      {"1000000000000000\r\n", MessageError::bad_chunk_size},
      {"0000000000000001\r\n", MessageError::bad_chunk_size},
      {"1;a\n", MessageError::bad_chunk},
      {"1;a b\r\n", MessageError::bad_chunk},
      {"1;a \r\n", MessageError::bad_chunk},
      {"1; \r\n", MessageError::bad_chunk},
      {"1 ; ;a\r\n", MessageError::bad_chunk},
      {"1;a= \r\n", MessageError::bad_chunk},
      {"1;a=b \r\n", MessageError::bad_chunk},
      {"1;a=b c\r\n", MessageError::bad_chunk},
      {"1;a=b =c\r\n", MessageError::bad_chunk},
      {"1;a=\"b\" \r\n", MessageError::bad_chunk},
      {"1;a \"b\"\r\n", MessageError::bad_chunk},
      {"1" + std::string(300, ' ') + ";a\r\n", MessageError::chunk_extension_too_long},
      {"1;a=" + std::string(300, '\t') + "b\r\n", MessageError::chunk_extension_too_long},
      {"1;a=\"\r\n", MessageError::bad_chunk},
      {"1;\r\n", MessageError::bad_chunk},
      {"1;a=\r\n", MessageError::bad_chunk},
      {"1;=b\r\n", MessageError::bad_chunk},
      {"1;a=b=c\r\n", MessageError::bad_chunk},
      {"1;a\"b\"\r\n", MessageError::bad_chunk},
      {"1;a=\"b\"c\r\n", MessageError::bad_chunk},
      {"1;" + std::string(300, 'a') + "\r\n", MessageError::chunk_extension_too_long},
      {"1\r\nab\r\n", MessageError::bad_chunk},
      {"1\r\na\n", MessageError::bad_chunk},
      {"1\r\na\rb", MessageError::bad_chunk},
      {"0\r\nX y: z\r\n\r\n", MessageError::bad_trailer},
      {"0\r\n x: z\r\n\r\n", MessageError::bad_trailer},
      {"0\r\n: z\r\n\r\n", MessageError::bad_trailer},
      {"0\r\nX: y\n\r\n", MessageError::bad_trailer},
      {"0\r\nX: y\r\n z\r\n\r\n", MessageError::bad_trailer},
      {"0\r\n\rX", MessageError::bad_trailer},
      {"0\r\nContent-Length: 1\r\n\r\n", MessageError::forbidden_trailer},
      {"0\r\ntransfer-encoding: chunked\r\n\r\n", MessageError::forbidden_trailer},
      {"0\r\nHost: a\r\n\r\n", MessageError::forbidden_trailer},
      {"0\r\nAuthorization: a\r\n\r\n", MessageError::forbidden_trailer},
      {"0\r\nX-Forwarded-For: a\r\n\r\n", MessageError::forbidden_trailer},
      {"0\r\nX: " + std::string(5000, 'a'), MessageError::trailer_too_large},
      {"0\r\n" + trailer_lines(BodyReader::kMaxTrailerLines + 1), MessageError::trailer_too_large},
  };
  for (const auto& c : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{3}, c.text.size()}) {
      const Read read = read_all(c.text, kChunked, step);
      EXPECT_EQ(read.result, Result::bad) << c.text << " by " << step;
      EXPECT_EQ(to_string(read.bad), to_string(c.expected)) << c.text;
    }
  }
}

// What the payload, the end and the error are does not depend on how the bytes come. One at a time
// they all go through the state machine; in larger pieces most of a body is read in longer steps.
TEST(BodyReader, ReadsTheSameHoweverItIsCut) {
  const std::string extensions = ";a;b=c;d=\"e\\\"f;\"";
  const std::string spaced = " ;\ta ; b\t= c;d =\"e f\"\t;g";
  const std::string bodies[] = {
      "3\r\nabc\r\n0\r\n\r\nrest",
      "A\r\n0123456789\r\nb\r\n0123456789a\r\n0B\r\n0123456789a\r\n0\r\n\r\nrest",
      "1\r\n\n\r\n2\r\n\r\n\r\n1\r\n0\r\n00\r\n\r\n1\r\na\r\n",
      "000000000000003\r\nabc\r\n00000000000000c\r\n0123456789ab\r\n000000000000000\r\n\r\n",
      "0000000000000003\r\nabc\r\n",
      "1\r\na\r\n0000000000000003\r\nabc\r\n",
      "1\r\na\r\n0000000000000000\r\n\r\n",
      "1\r\na\r\nfffffffffffffff\r\nfar from its end",
      "1\r\na\r\n1000000000000000\r\nabc",
      "3" + extensions + "\r\nabc\r\n2\r\nde\r\n1" + extensions + "\r\nf\r\n0;x\r\n\r\nrest",
      "3" + spaced + "\r\nabc\r\n2\r\nde\r\n1" + spaced + "\r\nf\r\n0\t;x\r\n\r\nrest",
      "1\r\na\r\n1 \r\nb\r\n",
      "1\r\na\r\n 1\r\nb\r\n",
      "1\r\na\r\n1;\r\nb\r\n",
      "1\r\na\r\n;a\r\nb\r\n",
      "1\r\na\r\n\r\nb\r\n",
      "1\r\na\r\n0x1\r\nb\r\n",
      "1\r\na\r\n1g\r\nb\r\n",
      "1\r\na\r\n-1\r\nb\r\n",
      "1\r\na\r\n1\nb\r\n",
      "1\r\na\r\n1\rb\r\n",
      "1\r\na\r\n1\r\rb\r\n",
      "1\r\na\r\n1\n\nb\r\n",
      "1\r\na\r\n1\r\n\nb\r\n",
      "1\r\na1\r\nb\r\n",
      "1\r\na\n1\r\nb\r\n",
      "1\r\na\r1\r\nb\r\n",
      "1\r\na\n\n1\r\nb\r\n",
      "1\r\na\r\r1\r\nb\r\n",
      "1\r\nab\r\n1\r\nb\r\n",
      "1\r\na\r\n0\r\nX: y\r\nZ:\r\n\r\nrest",
      "1\r\na\r\n0\r\n1\r\nb\r\n",
      "1\r\na\r\n0\r\nX: y\n\r\n",
      "1\r\na\r\n0\r\nHost: y\r\n\r\n",
  };
  for (const std::string& body : bodies) {
    const Read expected = read_all(body, kChunked, 1);
    for (std::size_t first = 0; first <= body.size(); ++first) {
      for (std::size_t second = first; second <= body.size(); ++second) {
        const Read read = read_cut(body, kChunked, {first, second, body.size()});
        ASSERT_EQ(read.result, expected.result) << body << first << " " << second;
        ASSERT_EQ(to_string(read.bad), to_string(expected.bad)) << body << first << " " << second;
        if (read.result == Result::bad) continue;
        ASSERT_EQ(read.payload, expected.payload) << body << first << " " << second;
        ASSERT_EQ(read.rest, expected.rest) << body << first << " " << second;
      }
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
