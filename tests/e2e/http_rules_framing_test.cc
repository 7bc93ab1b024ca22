// Where a request's body ends: Content-Length, Transfer-Encoding and the chunked coding
// (RFC 9112 §6 and §7, RFC 9110 §8.6 and §6.5). Here two readers must never see two messages.
#include "tests/e2e/http_rules_stage.h"

namespace weir::testing::rules {
namespace {

using namespace std::string_literals;

struct FramingRules : RuleTest<FramingRules> {
  // With a route and a key by header, for the rules about trailers.
  static constexpr const char* kConfig =
      "chain: [{token_bucket: {key: header x-user, rate: 1000000/s}}]\n"
      "routes: [{match: {path: /nowhere, header: {x-kind: big}}, chain: []}]\n";
};

// A second request, hidden where a lax reader would take it for a body, or the other way round.
const std::string kHidden = "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n";

std::string reached_abc() { return reached("POST /", "Content-Length: 3") + "abc"; }
std::string reached_chunks(const std::string& payload) {
  return reached("POST /", "Transfer-Encoding: chunked") + chunked(payload);
}
// A chunked body that turns bad after "abc", or before.
Rule bad_chunks(std::string name, const std::string& body, const std::string& reason) {
  return cuts_off(std::move(name), post_chunks(body), 400, reason, reached_chunks("abc"));
}

Rules lengths() {
  return {
      forwards("Rfc9112_6_3_LengthDelimitsTheBody", post("Content-Length: 3") + "abc",
               reached_abc()),
      forwards("Rfc9112_6_3_LengthOfZero", post("Content-Length: 0"),
               reached("POST /", "Content-Length: 0")),
      forwards("Rfc9112_6_3_NoFramingMeansNoBody", post(), reached("POST /")),
      forwards("Rfc9110_8_6_LeadingZerosAreRewritten", post("Content-Length: 0003") + "abc",
               reached_abc()),
      forwards("Rfc9112_5_1_SpaceAroundALength", post("Content-Length: \t3 ") + "abc",
               reached_abc()),
      forwards("Rfc9110_9_3_1_BodyOfAGetPasses", get("Content-Length: 3") + "abc",
               reached("GET /", "Content-Length: 3") + "abc"),
      forwards("Rfc9110_9_3_5_BodyOfADeletePasses",
               head("DELETE / HTTP/1.1", "Host: h", "Content-Length: 3") + "abc",
               reached("DELETE /", "Content-Length: 3") + "abc"),
      forwards("Rfc9110_9_3_7_BodyOfOptionsPasses",
               head("OPTIONS / HTTP/1.1", "Host: h", "Content-Length: 3") + "abc",
               reached("OPTIONS /", "Content-Length: 3") + "abc"),
      forwards_and_closes("Rfc9112_6_3_LengthInHttp10",
                          head("POST / HTTP/1.0", "Host: h", "Content-Length: 3") + "abc",
                          "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n" +
                              added("h", "1.0 weir") + "\r\nabc"),
      forwards("Rfc9110_8_6_LengthIsWrittenOnce",
               head("POST / HTTP/1.1", "Content-Length: 3", "Host: h", "X-A: 1") + "abc",
               reached("POST /", "Content-Length: 3", "X-A: 1") + "abc"),
      forwards("Rfc9110_7_6_1_LengthListedInConnectionStays",
               post("Connection: content-length", "Content-Length: 3") + "abc", reached_abc()),
      plays("Rfc9112_6_3_WhatFollowsTheLengthIsTheNextRequest",
            {client_sends(post("Content-Length: 3") + "abc" + get()), service_gets(reached_abc()),
             service_sends(kAnswer), service_gets(reached("GET /")), service_sends(kAnswer),
             client_gets(kTold + kTold)}),
      refuses("Rfc9110_8_6_DifferingLengths",
              post("Content-Length: 3", "Content-Length: 4") + "abc", 400,
              "duplicate_content_length"),
      refuses("Rfc9110_8_6_TheSameLengthTwice",
              post("Content-Length: 3", "Content-Length: 3") + "abc", 400,
              "duplicate_content_length"),
      refuses("Rfc9110_8_6_DifferingLengthsOfWhichOneIsZero",
              post("Content-Length: 0", "Content-Length: 33") + kHidden, 400,
              "duplicate_content_length"),
      refuses("Rfc9110_8_6_ListOfDifferingLengths", post("Content-Length: 3, 4") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_ListOfTheSameLength", post("Content-Length: 3, 3") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_PlusBeforeALength", post("Content-Length: +3") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_MinusBeforeALength", post("Content-Length: -3") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_HexadecimalLength", post("Content-Length: 0x3") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_FractionalLength", post("Content-Length: 3.0") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_ExponentInALength", post("Content-Length: 3e0") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_SpaceWithinALength", post("Content-Length: 3 3") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_QuotedLength", post("Content-Length: \"3\"") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_EmptyLength", post("Content-Length:") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_LengthWithAUnit", post("Content-Length: 3B") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_LengthInOtherDigits", post("Content-Length: \xd9\xa3") + "abc", 400,
              "bad_content_length"),
      refuses("Rfc9110_8_6_LengthBeyond64Bits",
              post("Content-Length: 18446744073709551619") + "abc", 400, "bad_content_length"),
      refuses("Rfc9110_8_6_LengthBeyond63Bits", post("Content-Length: 9223372036854775811") + "abc",
              400, "bad_content_length"),
      refuses("Rfc9112_5_1_SpaceBeforeTheColonOfALength", post("Content-Length : 3") + "abc", 400,
              "space_before_colon"),
      refuses("Rfc9110_5_5_VerticalTabBeforeALength", post("Content-Length: \v3") + "abc", 400,
              "control_character"),
      plays("Rfc9112_8_ABodyCutShortNeverBecomesARequest",
            {client_sends(post("Content-Length: 50") + "abc"), client_half_closes(),
             service_gets_less(reached("POST /", "Content-Length: 50") + "abc" +
                               std::string(47, 'x'))}),
  };
}

Rules encodings() {
  return {
      forwards("Rfc9112_7_1_ChunkedBodyStaysChunked", post_chunks("3\r\nabc\r\n0\r\n\r\n"),
               reached_chunks("abc")),
      forwards("Rfc9112_7_CodingNamesAreCaseInsensitive",
               post("transfer-encoding: ChunkeD") + "3\r\nabc\r\n0\r\n\r\n", reached_chunks("abc")),
      forwards("Rfc9110_7_6_1_CodingListedInConnectionStays",
               post("Connection: transfer-encoding", "Transfer-Encoding: chunked") +
                   "3\r\nabc\r\n0\r\n\r\n",
               reached_chunks("abc")),
      forwards("Rfc9110_5_1_UnderscoreIsNoHyphenInACoding", post("Transfer_Encoding: chunked"),
               reached("POST /")),
      refuses("Rfc9112_6_1_LengthThenCoding",
              post("Content-Length: 3", "Transfer-Encoding: chunked") + "0\r\n\r\n" + kHidden, 400,
              "length_and_encoding"),
      refuses("Rfc9112_6_1_CodingThenLength",
              post("Transfer-Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n" + kHidden, 400,
              "length_and_encoding"),
      refuses("Rfc9112_6_1_CodingAndLengthOfZero",
              post("Transfer-Encoding: chunked", "Content-Length: 0") + "0\r\n\r\n", 400,
              "length_and_encoding"),
      refuses("Rfc9112_6_1_IdentityAndLength",
              post("Transfer-Encoding: identity", "Content-Length: 3") + "abc", 400,
              "length_and_encoding"),
      refuses("Rfc9112_6_1_UnknownCodingAndLength",
              post("Transfer-Encoding: xchunked", "Content-Length: 3") + "abc", 400,
              "length_and_encoding"),
      refuses("Rfc9112_6_1_OtherCodings", post("Transfer-Encoding: gzip") + kHidden, 501,
              "unknown_transfer_coding"),
      forwards("Rfc9112_6_1_TabsAroundACoding",
               post("Transfer-Encoding: \t chunked\t ") + "3\r\nabc\r\n0\r\n\r\n",
               reached("POST /", "Transfer-Encoding: chunked") + chunked("abc")),
      forwards("Rfc9110_8_6_TabsAroundALength", post("Content-Length:\t3\t") + "abc",
               reached("POST /", "Content-Length: 3") + "abc"),
      refuses("Rfc9112_6_1_OtherCodingsBeforeChunked",
              post("Transfer-Encoding: gzip, chunked") + "0\r\n\r\n", 501,
              "unknown_transfer_coding"),
      refuses("Rfc9112_6_1_ChunkedIsNotLast",
              post("Transfer-Encoding: chunked, gzip") + "0\r\n\r\n", 400, "bad_transfer_encoding"),
      refuses("Rfc9112_6_1_ChunkedTwice", post("Transfer-Encoding: chunked, chunked") + "0\r\n\r\n",
              400, "bad_transfer_encoding"),
      refuses("Rfc9112_6_1_ChunkedAndIdentity",
              post("Transfer-Encoding: chunked, identity") + "0\r\n\r\n", 400,
              "bad_transfer_encoding"),
      refuses("Rfc9112_6_1_OtherCodingsWithParameters",
              post("Transfer-Encoding: x ; a=b, chunked") + "0\r\n\r\n", 501,
              "unknown_transfer_coding"),
      refuses("Rfc9112_6_3_AnotherCodingBehindChunkedAndBeforeIt",
              post("Transfer-Encoding: chunked, gzip, chunked") + "0\r\n\r\n", 400,
              "bad_transfer_encoding"),
      refuses("Rfc9112_7_Identity", post("Transfer-Encoding: identity") + kHidden, 501,
              "unknown_transfer_coding"),
      refuses("Rfc9112_7_MistypedChunked", post("Transfer-Encoding: xchunked") + "0\r\n\r\n", 501,
              "unknown_transfer_coding"),
      refuses("Rfc9112_7_ChunkedWithParameter",
              post("Transfer-Encoding: chunked;q=1") + "0\r\n\r\n", 400, "bad_transfer_encoding"),
      refuses("Rfc9112_7_QuotedChunked", post("Transfer-Encoding: \"chunked\"") + "0\r\n\r\n", 400,
              "bad_transfer_encoding"),
      refuses("Rfc9110_5_6_1_EmptyElementAfterChunked",
              post("Transfer-Encoding: chunked,") + "0\r\n\r\n", 400, "bad_transfer_encoding"),
      refuses("Rfc9110_5_6_1_EmptyElementBeforeChunked",
              post("Transfer-Encoding: ,chunked") + "0\r\n\r\n", 400, "bad_transfer_encoding"),
      refuses("Rfc9112_6_1_EmptyCoding", post("Transfer-Encoding:") + "0\r\n\r\n", 400,
              "bad_transfer_encoding"),
      refuses("Rfc9112_6_1_CodingInTwoLines",
              post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400,
              "duplicate_transfer_encoding"),
      refuses("Rfc9112_6_1_CodingInTwoLinesOfWhichOneIsIdentity",
              post("Transfer-Encoding: identity", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400,
              "duplicate_transfer_encoding"),
      refuses("Rfc9112_6_1_CodingInHttp10",
              head("POST / HTTP/1.0", "Host: h", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400,
              "transfer_encoding_in_http10"),
      refuses("Rfc9112_5_1_SpaceBeforeTheColonOfACoding",
              post("Transfer-Encoding : chunked") + "0\r\n\r\n", 400, "space_before_colon"),
      refuses("Rfc9110_5_5_VerticalTabBeforeACoding",
              post("Transfer-Encoding: \vchunked") + "0\r\n\r\n", 400, "control_character"),
      refuses("Rfc9110_5_5_NulAfterACoding", post("Transfer-Encoding: chunked\0"s) + "0\r\n\r\n",
              400, "control_character"),
      refuses("Rfc9112_7_EightBitSpaceAfterACoding",
              post("Transfer-Encoding: chunked\xa0") + "0\r\n\r\n", 400, "bad_transfer_encoding"),
      refuses("Rfc9112_2_2_CodingBehindABareLf",
              post("X-A: a\nTransfer-Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n", 400,
              "bare_lf"),
      refuses("Rfc9112_2_2_CodingBehindABareCr",
              post("X-A: a\rTransfer-Encoding: chunked", "Content-Length: 5") + "0\r\n\r\n", 400,
              "bare_cr"),
  };
}

Rules chunks() {
  const std::string ten(10, 'x');
  return {
      forwards("Rfc9112_7_1_EmptyChunkedBody", post_chunks("0\r\n\r\n"), reached_chunks("")),
      forwards("Rfc9112_7_1_ChunksAreJoinedInOrder",
               post_chunks("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n"), reached_chunks("abcdef")),
      forwards("Rfc9112_7_1_SizesAreHexadecimalInEitherCase",
               post_chunks("A\r\n" + ten + "\r\na\r\n" + ten + "\r\n0\r\n\r\n"),
               reached_chunks(ten + ten)),
      forwards("Rfc9112_7_1_LeadingZerosOfASize", post_chunks("0003\r\nabc\r\n000\r\n\r\n"),
               reached_chunks("abc")),
      forwards("Rfc9112_7_1_LineEndsWithinAChunkAreData",
               post_chunks("7\r\na\r\n0\r\n\r\r\n0\r\n\r\n"), reached_chunks("a\r\n0\r\n\r")),
      plays("Rfc9112_7_1_WhatFollowsTheLastChunkIsTheNextRequest",
            {client_sends(post_chunks("3\r\nabc\r\n0\r\n\r\n") + get()),
             service_gets(reached_chunks("abc")), service_sends(kAnswer),
             service_gets(reached("GET /")), service_sends(kAnswer), client_gets(kTold + kTold)}),
      plays("Rfc9112_7_1_ChunksInPiecesOfAByte",
            {client_sends(post_chunks("3")), client_sends("\r"), client_sends("\n"),
             client_sends("a"), client_sends("bc"), client_sends("\r"), client_sends("\n0"),
             client_sends("\r\n\r"), client_sends("\n"), service_gets(reached_chunks("abc")),
             service_sends(kAnswer), client_gets(kTold)}),
      bad_chunks("Rfc9112_7_1_SizeIsMissing", "\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SizeIsNoNumber", "xyz\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SizeWithPrefix", "0x3\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SizeWithPlus", "+3\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SizeWithMinus", "-3\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SpaceBeforeASize", " 3\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SpaceAfterASize", "3 \r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_TabAfterASize", "3\t\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_TextAfterASize", "3 abc\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SizeBeyond64Bits", "10000000000000003\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_SizeOfEndlessZeros", std::string(64, '0') + "3\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk_size"),
      bad_chunks("Rfc9112_2_2_BareLfAfterASize", "3\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_2_2_BareCrAfterASize", "3\rabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_2_2_TwoCrAfterASize", "3\r\r\nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_DataLongerThanItsSize", "3\r\nabcd\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_DataShorterThanItsSize", "3\r\nab\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_2_2_BareLfAfterData", "3\r\nabc\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_LineEndAfterDataIsMissing", "3\r\nabc0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_2_2_BareCrAfterData", "3\r\nabc\r0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_2_2_LastChunkEndsWithBareLf", "3\r\nabc\r\n0\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_2_2_BodyEndsWithBareLf", "3\r\nabc\r\n0\r\n\n", "bad_trailer"),
      bad_chunks("Rfc9112_7_1_LastChunkWithASign", "3\r\nabc\r\n-0\r\n\r\n", "bad_chunk_size"),
      plays("Rfc9112_8_AChunkedBodyCutShortNeverEnds",
            {client_sends(post_chunks("3\r\nabc\r\n")), client_half_closes(),
             service_gets_less(reached_chunks("abc"))}),
  };
}

Rules extensions() {
  const std::string quoted(5000, 'x');
  return {
      forwards("Rfc9112_7_1_1_ExtensionsAreDropped", post_chunks("3;a;b=c\r\nabc\r\n0;d=e\r\n\r\n"),
               reached_chunks("abc")),
      forwards("Rfc9112_7_1_1_QuotedExtensionsAreDropped",
               post_chunks("3;a=\"b;\\\"c\"\r\nabc\r\n0\r\n\r\n"), reached_chunks("abc")),
      bad_chunks("Rfc9112_7_1_1_ExtensionBeyondItsBound",
                 "3;a=" + std::string(5000, 'x') + "\r\nabc\r\n0\r\n\r\n",
                 "chunk_extension_too_long"),
      bad_chunks("Rfc9112_7_1_1_QuotedExtensionBeyondItsBound",
                 "3;a=\"" + quoted + "\"\r\nabc\r\n0\r\n\r\n", "chunk_extension_too_long"),
      bad_chunks("Rfc9112_7_1_1_ExtensionWithoutAName", "3;\r\nabc\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_ExtensionWithoutAValue", "3;a=\r\nabc\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_QuoteWithinAnExtensionsName", "3;a\"b\"\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_TextAfterAQuotedExtension", "3;a=\"b\"c\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
      bad_chunks("Rfc9112_2_2_BareLfWithinAnExtension", "3;a\nabc\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_2_2_BareCrWithinAnExtension", "3;a\rb\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_1_LineEndWithinAQuotedExtension", "3;a=\"\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_NulInAnExtension", "3;a\0\r\nabc\r\n0\r\n\r\n"s, "bad_chunk"),
      forwards("Rfc9112_7_1_1_WhiteSpaceInExtensions",
               post_chunks("3 ;\t a = b ; c=\"d\"\t;e\r\nabc\r\n0 ;f\r\n\r\n"),
               reached("POST /", "Transfer-Encoding: chunked") + chunked("abc")),
      forwards("Rfc9112_7_1_1_WhiteSpaceBeforeAnExtensionOfTheLastChunk",
               post_chunks("3\t;a\r\nabc\r\n0\t \t;a\t=\tb\r\n\r\n"), reached_chunks("abc")),
      bad_chunks("Rfc9112_7_1_1_WhiteSpaceCountsAgainstTheBound",
                 "3" + std::string(5000, ' ') + ";a\r\nabc\r\n0\r\n\r\n",
                 "chunk_extension_too_long"),
      bad_chunks("Rfc9112_7_1_1_TextBehindASizeAndWhiteSpace", "3 4;a\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_1_WhiteSpaceInPlaceOfAValue", "3;a= \r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_WhiteSpaceInPlaceOfAName", "3; \r\nabc\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_SpaceBehindAQuotedExtension", "3;a=\"b\" \r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_TwoValuesOfAnExtension", "3;a=b c\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
      bad_chunks("Rfc9112_2_2_BareLfBehindWhiteSpace", "3 \nabc\r\n0\r\n\r\n", "bad_chunk_size"),
      bad_chunks("Rfc9112_7_1_1_SpaceBehindAnExtension", "3;a \r\nabc\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_SpaceInAnExtensionsName", "3;a b\r\nabc\r\n0\r\n\r\n", "bad_chunk"),
      bad_chunks("Rfc9112_7_1_1_EightBitByteInAnExtension", "3;\xff\r\nabc\r\n0\r\n\r\n",
                 "bad_chunk"),
  };
}

// After "abc" and the last chunk's size.
Rule bad_trailer(std::string name, const std::string& trailers, const std::string& reason) {
  return bad_chunks(std::move(name), "3\r\nabc\r\n0\r\n" + trailers + "\r\n", reason);
}
Rule forbidden(std::string name, const std::string& trailer) {
  return bad_trailer(std::move(name), trailer + "\r\n", "forbidden_trailer");
}

Rules trailers() {
  return {
      forwards("Rfc9110_6_5_1_UndeclaredTrailersAreDropped",
               post_chunks("3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"), reached_chunks("abc")),
      forwards("Rfc9110_6_5_1_DeclaredTrailersPass",
               post("Trailer: X-Sum", "Transfer-Encoding: chunked") +
                   "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
               reached("POST /", "Trailer: X-Sum", "Transfer-Encoding: chunked") +
                   chunked("abc", "X-Sum: 1\r\n")),
      forwards("Rfc9110_6_5_1_OnlyWhatWasDeclaredPasses",
               post("Trailer: X-Sum", "Transfer-Encoding: chunked") +
                   "3\r\nabc\r\n0\r\nX-Other: 1\r\nX-Sum: 1\r\n\r\n",
               reached("POST /", "Trailer: X-Sum", "Transfer-Encoding: chunked") +
                   chunked("abc", "X-Sum: 1\r\n")),
      forwards("Rfc9110_7_6_1_TrailersThatConnectionListsAreDropped",
               post("Connection: x-hop", "Trailer: X-Sum, X-Hop", "Transfer-Encoding: chunked") +
                   "3\r\nabc\r\n0\r\nX-Hop: 1\r\nX-Sum: 1\r\n\r\n",
               reached("POST /", "Trailer: X-Sum, X-Hop", "Transfer-Encoding: chunked") +
                   chunked("abc", "X-Sum: 1\r\n")),
      forwards("Rfc9110_6_6_2_NoTrailersWhereConnectionListsTrailer",
               post("Connection: trailer", "Trailer: X-Sum", "Transfer-Encoding: chunked") +
                   "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n",
               reached_chunks("abc")),
      plays("Rfc9110_6_5_1_TrailersMayComeByThemselves",
            {client_sends(post("Trailer: X-Sum", "Transfer-Encoding: chunked") + "3\r\nabc\r\n"),
             service_gets(reached("POST /", "Trailer: X-Sum", "Transfer-Encoding: chunked") +
                          "3\r\nabc\r\n"),
             client_sends("0\r\nX-S"), client_sends("um: 1\r"), client_sends("\n\r\n"),
             service_gets("0\r\nX-Sum: 1\r\n\r\n"), service_sends(kAnswer), client_gets(kTold)}),
      forbidden("Rfc9110_6_5_1_LengthInTrailers", "Content-Length: 3"),
      forbidden("Rfc9110_6_5_1_CodingInTrailers", "transfer-encoding: chunked"),
      forbidden("Rfc9110_6_5_1_HostInTrailers", "Host: i"),
      forbidden("Rfc9110_6_5_1_ConnectionInTrailers", "Connection: close"),
      forbidden("Rfc9110_6_5_1_TrailerInTrailers", "Trailer: X-A"),
      forbidden("Rfc9110_6_5_1_UpgradeInTrailers", "Upgrade: websocket"),
      forbidden("Rfc9110_6_5_1_AuthorizationInTrailers", "Authorization: Basic eA=="),
      forbidden("Rfc9110_6_5_1_ProxyAuthorizationInTrailers", "Proxy-Authorization: Basic eA=="),
      forbidden("Rfc9110_6_5_1_CookieInTrailers", "Cookie: a=b"),
      forbidden("Rfc9110_6_5_1_ExpectInTrailers", "Expect: 100-continue"),
      forbidden("Rfc9110_6_5_1_MaxForwardsInTrailers", "Max-Forwards: 1"),
      forbidden("Rfc9110_6_5_1_RangeInTrailers", "Range: bytes=0-1"),
      forbidden("Rfc9110_6_5_1_ContentTypeInTrailers", "Content-Type: text/html"),
      forbidden("Rfc9110_6_5_1_ContentEncodingInTrailers", "Content-Encoding: gzip"),
      forbidden("Rfc9110_6_5_1_ForwardedForInTrailers", "X-Forwarded-For: 10.0.0.1"),
      forbidden("Rfc7239_4_ForwardedInTrailers", "Forwarded: for=10.0.0.1"),
      forbidden("Rfc9110_6_5_1_TheTenantInTrailers", "X-Tenant: acme"),
      forbidden("Issue3_RoutingFieldsInTrailers", "X-Kind: big"),
      forbidden("Issue3_KeysInTrailers", "x-user: acme"),
      forbidden("Issue3_TheRequestIdInTrailers", "X-Request-Id: 1"),
      bad_trailer("Rfc9112_7_1_2_TrailerWithoutColon", "X-Sum\r\n", "bad_trailer"),
      bad_trailer("Rfc9112_5_1_SpaceBeforeTheColonOfATrailer", "X-Sum : 1\r\n", "bad_trailer"),
      bad_trailer("Rfc9112_5_2_ObsFoldInTrailers", "X-Sum: 1\r\n 2\r\n", "bad_trailer"),
      bad_trailer("Rfc9112_5_EmptyNameOfATrailer", ": 1\r\n", "bad_trailer"),
      bad_trailer("Rfc9112_2_2_BareLfInTrailers", "X-Sum: 1\n", "bad_trailer"),
      bad_trailer("Rfc9112_2_2_BareCrInTrailers", "X-Sum: 1\r2\r\n", "bad_trailer"),
      bad_trailer("Rfc9110_5_5_NulInTrailers", "X-Sum: \0\r\n"s, "bad_trailer"),
      bad_trailer("Rfc9112_7_1_2_ARequestIsNoTrailer", "GET /hidden HTTP/1.1\r\n", "bad_trailer"),
      bad_trailer("Rfc9112_7_1_2_TrailersBeyondTheirBound",
                  "X-Sum: " + std::string(8000, 'x') + "\r\n", "trailer_too_large"),
  };
}

Rules framing_rules() {
  Rules all = lengths();
  for (const Rules& more : {encodings(), chunks(), extensions(), trailers()}) {
    all.insert(all.end(), more.begin(), more.end());
  }
  return all;
}

WEIR_HTTP_RULES(FramingRules, framing_rules);

}  // namespace
}  // namespace weir::testing::rules
