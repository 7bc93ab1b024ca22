// What a message must have in common with what weir made of it on its way on. Each fails, with both
// messages, where that is not so.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/judge.h"

namespace weir::fuzz {

// A client's request, and the same at the service: one whole message, the same method, target, body
// and framing, the same fields in their order but for those of a hop and weir's own, and of the
// trailers those that were declared.
void expect_same_request(const Message& sent, std::string_view sent_bytes, const Message& reached,
                         std::string_view reached_bytes);

// What the client is, for its answer.
struct Client {
  bool http10 = false;
  bool takes_trailers = false;
};
// A service's answer, and the same at the client. What is not whole must be a beginning of it.
void expect_same_response(const Message& sent, std::string_view sent_bytes, const Message& told,
                          std::string_view told_bytes, const Client& client);

// A message in one text, without what is different each time: to hold two runs against each other.
std::string essence(const Message& message);

}  // namespace weir::fuzz
