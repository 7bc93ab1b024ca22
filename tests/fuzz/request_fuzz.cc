// The way in: whatever a client sends, in whatever pieces, what reaches the service is what an
// independent reader finds in the client's bytes, message by message: as many, with the same
// framing and the same bodies, and nothing besides.
//
// The input: a byte that says how the client's bytes are cut (0: not), and the bytes. What is cut
// is sent a second time in one piece: that must come to the same.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/fuzz/compare.h"
#include "tests/fuzz/judge.h"
#include "tests/fuzz/stage.h"

namespace weir::fuzz {
namespace {

constexpr std::size_t kLongest = 16 << 10;

Stage& stage() {
  static Stage stage(
      "name: weir\n"
      "limits: {max_head: 4KiB, max_body: 2KiB, head_timeout: 1h, body_timeout: 1h,"
      " idle_timeout: 1h}\n"
      "chain: []\n"
      "tenants: {acme: {rate: 1000000/s}, evil: {deny: true}}\n"
      "chains:\n"
      "  held: [retry: {attempts: 2, max_body: 64B}, concurrency_limit: {limit: 8}]\n"
      "routes:\n"
      "  - {match: {path_prefix: /r}, chain: held}\n"
      "  - {match: {path_prefix: /n, host: \"*.example.com\"}, chain: []}\n");
  return stage;
}

struct Served {
  Message request;
  std::string bytes;
};
struct Told {
  Message answer;
  int served = -1;  // whose answer it is; -1: weir's own
};
struct Run {
  std::vector<Served> served;
  std::vector<Served> begun;  // the service's connections hold a part of a request
  std::vector<Told> told;
  bool closed = false;  // weir closed the client's connection by itself
};

// Answers each request that is whole with its number.
void answer(Stage::End& end, Run& run) {
  for (;;) {
    const std::string_view bytes = std::string_view(end.got).substr(end.read);
    const Message request = read_request(bytes);
    if (request.bad()) fail("what reached the service is no request: " + request.error, bytes);
    if (!request.whole()) return;
    end.read += request.size;
    run.served.push_back({request, std::string(bytes.substr(0, request.size))});
    const std::string number = std::to_string(run.served.size() - 1);
    const bool to_head = request.method == "HEAD";
    stage().write(end, "HTTP/1.1 200 OK\r\nX-Served: " + number + "\r\nContent-Length: " +
                           std::to_string(number.size()) + "\r\n\r\n" + (to_head ? "" : number));
    if (end.read != end.got.size()) {
      fail("more than one request at once on a connection to the service", end.got);
    }
  }
}

// The methods of the requests, which say how an answer is to be read.
std::vector<Message> read_requests(std::string_view bytes, std::vector<std::string_view>& texts) {
  std::vector<Message> requests;
  while (!bytes.empty()) {
    if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);
    Message request = read_request(bytes);
    const bool whole = request.whole();
    const std::size_t size = request.size;
    texts.push_back(bytes);
    requests.push_back(std::move(request));
    if (!whole) break;
    texts.back() = bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  return requests;
}

// `asks_head`: something like a HEAD is among the requests.
void read_answers(std::string_view bytes, bool ended, bool asks_head,
                  const std::vector<Message>& requests, Run& run) {
  while (!bytes.empty()) {
    const std::size_t n = run.told.size();
    const bool to_head = n < requests.size() && requests[n].method == "HEAD";
    Told told;
    told.answer = read_response(bytes, to_head, ended);
    // A head that is none has no method: its refusal has a body, and is the last answer.
    if (to_head && told.answer.lists("connection", "close") && told.answer.size != bytes.size()) {
      told.answer = read_response(bytes, false, ended);
    }
    // One that only looks like HEAD, and is refused, is answered as HEAD is.
    if (!told.answer.whole() && asks_head && told.answer.status >= 400) {
      told.answer = read_response(bytes, true, ended);
    }
    if (!told.answer.whole()) fail("the client got no whole answer", bytes);
    const std::string complaint =
        complaint_about_head(bytes.substr(0, told.answer.head_size), false);
    if (!complaint.empty()) fail("the head that the client got: " + complaint, bytes);
    if (const std::string* number = told.answer.find("x-served")) told.served = std::stoi(*number);
    bytes.remove_prefix(told.answer.size);
    run.told.push_back(std::move(told));
  }
}

Run play(std::string_view bytes, std::uint8_t cuts, const std::vector<Message>& requests) {
  Run run;
  stage().serve = [&run](Stage::End& end) { answer(end, run); };
  Stage::End& client = stage().connect();
  for (const std::string_view piece : cut(bytes, cuts)) {
    if (!stage().send(client, piece)) break;
  }
  run.closed = client.ended;
  stage().shut_down(client);
  const bool asks_head = bytes.find("HEAD ") != std::string_view::npos;
  read_answers(client.got, client.ended, asks_head, requests, run);
  for (const auto& end : stage().service_ends()) {
    const std::string_view rest = std::string_view(end->got).substr(end->read);
    if (rest.empty()) continue;
    if (!end->ended) fail("a request that was cut short keeps its connection open", rest);
    run.begun.push_back({read_request(rest), std::string(rest)});
  }
  return run;
}

void check(const Run& run, const std::vector<Message>& requests,
           const std::vector<std::string_view>& texts) {
  std::size_t served = 0;
  for (std::size_t i = 0; i < run.told.size(); ++i) {
    if (run.told[i].served < 0) continue;
    if (static_cast<std::size_t>(run.told[i].served) != served) {
      fail("answers out of order", run.told[i].answer.body);
    }
    if (i >= requests.size()) fail("more answers than requests", run.served[served].bytes);
    expect_same_request(requests[i], texts[i], run.served[served].request,
                        run.served[served].bytes);
    ++served;
  }
  if (served != run.served.size()) {
    fail("a request has reached the service of which the client heard nothing",
         run.served[served].bytes);
  }
  if (run.begun.size() > 1) fail("two requests under way for one client", run.begun[1].bytes);
  // What was begun and never ended is the next one, or the one that weir refused in its middle.
  for (const Served& begun : run.begun) {
    const bool refused = !run.told.empty() && run.told.back().served < 0;
    const std::size_t i = run.told.size() - (refused ? 1 : 0);
    if (i >= requests.size()) fail("a request that nobody sent", begun.bytes);
    // It may have turned bad behind what was passed on.
    Message sent = requests[i];
    if (sent.bad() && sent.head_whole) sent.state = Message::State::partial;
    expect_same_request(sent, texts[i], begun.request, begun.bytes);
  }
}

std::string summary(const Run& run) {
  std::string text = run.closed ? "closed," : "open,";
  for (const Told& told : run.told) text += " " + std::to_string(told.answer.status);
  for (const Served& served : run.served) text += "\n" + served.bytes;
  return text;
}

// `longer` has answers that `shorter` has not: may that be?
bool may_be_longer(const Run& longer, const Run& shorter, const std::vector<Message>& requests) {
  const std::size_t n = shorter.told.size();
  // A refusal closes the connection if the rest of the body is not there yet.
  if (shorter.closed && n != 0 && shorter.told.back().served < 0) return true;
  // What is wrong with a head that is not there to its end is seen sooner or later.
  return longer.told.size() == n + 1 && longer.told.back().served < 0 && n < requests.size() &&
         !requests[n].whole();
}

void expect_same_run(const Run& pieces, const Run& whole, const std::vector<Message>& requests) {
  const std::size_t served = std::min(pieces.served.size(), whole.served.size());
  for (std::size_t i = 0; i < served; ++i) {
    if (essence(pieces.served[i].request) != essence(whole.served[i].request)) {
      fail("cut into pieces it is another request", pieces.served[i].bytes, whole.served[i].bytes);
    }
  }
  const std::size_t told = std::min(pieces.told.size(), whole.told.size());
  for (std::size_t i = 0; i < told; ++i) {
    // Of several things that are wrong with it another may be seen first.
    if (pieces.told[i].served != whole.told[i].served) {
      fail("cut into pieces it has another answer", essence(pieces.told[i].answer),
           essence(whole.told[i].answer));
    }
  }
  if (pieces.told.size() == whole.told.size() && pieces.served.size() == whole.served.size())
    return;
  const bool shorter = pieces.told.size() < whole.told.size();
  if (!may_be_longer(shorter ? whole : pieces, shorter ? pieces : whole, requests)) {
    fail("cut into pieces it is another number of requests", summary(pieces), summary(whole));
  }
}

void run_one(std::string_view input) {
  if (input.size() < 2 || input.size() > kLongest) return;
  const auto cuts = static_cast<std::uint8_t>(input[0]);
  input.remove_prefix(1);
  std::vector<std::string_view> texts;
  const std::vector<Message> requests = read_requests(input, texts);
  const Run run = play(input, cuts, requests);
  check(run, requests, texts);
  const Stage::Counts counts = stage().counts();
  if (counts.ended_by_service != run.served.size()) {
    fail("weir counts other requests than the service", input);
  }
  stage().reset();
  if (cuts == 0) return;
  const Run whole = play(input, 0, requests);
  check(whole, requests, texts);
  expect_same_run(run, whole, requests);
  stage().reset();
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
