// The way out: whatever the service answers, in whatever pieces, and however it ends, the client
// gets one answer: the service's as an independent reader finds it, with the same body and a
// framing that says the same, or weir's own, or an answer that is visibly cut short. And nothing of
// it is left over for the next request. A tunnel that the client asked for, and no other, carries
// every byte both ways, and each side's end.
//
// The input: a byte that says what the client asks (modulo the kinds below), one that says how the
// service's bytes are cut (0: not), one that says what the service does after them (modulo: it
// waits, closes, shuts down its side), and the bytes. What is cut is played a second time in one
// piece: that must come to the same.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/fuzz/compare.h"
#include "tests/fuzz/judge.h"
#include "tests/fuzz/response_script.h"
#include "tests/fuzz/stage.h"

namespace weir::fuzz {
namespace {

constexpr std::size_t kLongest = 16 << 10;

Stage& stage() {
  static Stage stage(
      "name: weir\n"
      "limits: {max_head: 4KiB, max_body: 64KiB, head_timeout: 1h, body_timeout: 1h,"
      " idle_timeout: 1h}\n"
      "chain: []\n"
      "upgrades: {protocols: [websocket], max: 4, idle_timeout: 1h}\n"
      "chains:\n"
      "  again:\n"
      "    - retry: {attempts: 2, retry_on: [503], backoff: {base: 1ms, max: 1ms},"
      " budget: {share: 100%, min_per_second: 1000}}\n"
      "    - concurrency_limit: {limit: 8}\n"
      "routes:\n"
      "  - {match: {path_prefix: /again}, chain: again}\n");
  return stage;
}

struct Run {
  std::string got;               // by the client
  bool closed = false;           // weir closed that connection
  bool from_service = false;     // weir says that the answer was the service's
  bool ended = false;            // weir says that the request was over before the service closed
  int requests = 0;              // that reached the service for the script
  bool same_connection = false;  // the probe came on the script's connection
  bool probed = false;
  std::size_t flooded = 0;  // bytes behind the script's
  bool tunnel = false;      // a 101 came to the client
};

// Takes the requests off a connection to the service; answers the probe.
void take_requests(Stage::End& end, Run& run, Stage::End*& current, bool early) {
  for (;;) {
    const std::string_view bytes = std::string_view(end.got).substr(end.read);
    if (bytes.empty()) return;
    const Message request = read_request(bytes);
    if (request.bad()) fail("what reached the service is no request: " + request.error, bytes);
    if (!request.head_whole || (!request.whole() && !early)) return;
    if (request.target == "/probe") {
      end.read += request.size;
      run.probed = true;
      run.same_connection = &end == current;
      stage().write(end, kProbeAnswer);
      continue;
    }
    if (current != &end) {
      ++run.requests;
      current = &end;
    }
    if (!request.whole()) return;
    end.read += request.size;
  }
}

// A second request has to get its own answer and nothing else. `ahead`: so much of it has come.
void probe(Stage::End& client, Run& run, std::string_view script, std::size_t ahead = 0) {
  client.got.clear();
  if (!stage().send(client, kProbe.substr(ahead)))
    fail("weir does not read the next request", script);
  const Message answer = read_response(client.got, false, client.ended);
  const std::string* mark = answer.find("x-probe");
  if (!answer.whole() || answer.size != client.got.size() || mark == nullptr ||
      answer.body != "ok") {
    fail("the next request did not get its own answer", script, client.got);
  }
  if (!run.probed) fail("an answer that the service did not give", script, client.got);
}

Run play(const Script& script) {
  Run run;
  const Kind& kind = *script.kind;
  Stage::End* current = nullptr;
  stage().serve = [&](Stage::End& end) {
    if (!run.tunnel) take_requests(end, run, current, kind.early);
  };
  Stage::End* client = &stage().connect();
  stage().send(*client, kind.head);
  if (!kind.early) stage().send(*client, kind.body);
  if (current == nullptr) fail("the request did not reach the service", kind.head);
  stage().send(*client, kind.ahead);
  Stage::End& service = *current;
  if (kind.leaves) stage().close(*client);
  bool body_sent = !kind.early;
  for (const std::string_view piece : cut(script.bytes, script.cuts)) {
    if (!stage().send(service, piece)) break;
    // What waits for the 100 goes on when it has come.
    if (!body_sent && read_response(client->got, false, false).status == 100) {
      body_sent = true;
      stage().send(*client, kind.body);
    }
  }
  if (const Answers told = read_answers(client->got, kind.to_head, false);
      told.last.whole() && told.last.status == 101) {
    run.tunnel = true;
    play_tunnel(stage(), script, *client, service, told);
    run.got = client->got;
    return run;
  }
  run.ended = stage().counts().inside == 0;
  if (script.after == After::closes) stage().close(service);
  if (script.after == After::shuts_down) stage().shut_down(service);
  if (script.after == After::floods) {
    client->paused = true;
    run.flooded = stage().flood(service, flood());
    client->paused = false;
    stage().settle();
    run.flooded += stage().flood(service, std::string_view(flood()).substr(run.flooded));
    run.ended = stage().counts().inside == 0;
  }
  const bool done = stage().counts().inside == 0;
  if (done && !kind.leaves && !client->ended && body_sent) {
    // The answer is over, and the client's connection stays.
    run.got = client->got;
    const Answers told = read_answers(run.got, kind.to_head, false);
    if (!told.last.whole() || told.last.size != told.bytes.size()) {
      fail("the request is over, and its answer is not whole", script.bytes, run.got);
    }
    if (!kind.keeps) fail("the connection should have been closed", run.got);
    probe(*client, run, script.bytes, kind.ahead.size());
  } else {
    if (done && kind.leaves) probe(stage().connect(), run, script.bytes);
    stage().close(service);
    run.got = client->got;
  }
  // A retry may wait for its pause: that is cut off.
  run.closed = client->ended;
  run.from_service = stage().counts().ended_by_service > (run.probed ? 1U : 0U);
  return run;
}

void check(const Script& script, const Run& run) {
  if (run.tunnel) return;  // has been checked as it went
  const Kind& kind = *script.kind;
  const std::string bytes = std::string(script.bytes) + flood().substr(0, run.flooded);
  const bool closes = script.after != After::waits || !run.ended;
  const Answers sent = read_answers(bytes, kind.to_head, closes);
  const std::size_t used =
      static_cast<std::size_t>(sent.bytes.data() - bytes.data()) + sent.last.size;
  if (run.same_connection && (!sent.last.whole() || used != bytes.size())) {
    fail("a connection is used again that is not clean", bytes);
  }
  if (kind.leaves) return;
  const Answers told = read_answers(run.got, kind.to_head, run.closed);
  if (told.interim.size() > sent.interim.size() || (kind.http10 && !told.interim.empty())) {
    fail("interim answers that the service did not give", bytes, run.got);
  }
  for (std::size_t i = 0; i < told.interim.size(); ++i) {
    if (told.interim[i].status != sent.interim[i].status) {
      fail("another interim answer", bytes, run.got);
    }
  }
  if (told.last.whole() && told.last.size != told.bytes.size()) {
    fail("bytes behind the answer", bytes, run.got);
  }
  if (!told.last.whole() && !run.closed && run.requests == 1 && !told.bytes.empty()) {
    fail("an answer cut short, and the connection stays open", bytes, run.got);
  }
  if (run.requests != 1) return;  // retried: none of this answer's bytes may show
  if (run.from_service) {
    expect_same_response(sent.last, sent.bytes, told.last, told.bytes,
                         {kind.http10, kind.takes_trailers});
  } else if (told.last.head_whole && told.last.status < 500) {
    fail("weir's own answer to a failed service", bytes, run.got);
  }
}

// weir looks at the first bytes of a chunked body before it promises anything. Those that come with
// the head, and are bad, make its own 502; where they come later the head has gone, and the answer
// is cut.
bool is_seen_in_time(const Run& in_time, const Message& own, const Run& late,
                     const Message& cut_short, const Message& sent) {
  return sent.framing == Message::Framing::chunked && !in_time.from_service && own.whole() &&
         own.status == 502 && late.closed && cut_short.head_whole && !cut_short.whole();
}

void expect_same_run(const Script& script, const Run& run, const Run& whole) {
  if (run.tunnel || whole.tunnel) {
    if (run.got != whole.got) fail("cut into pieces it is another tunnel", run.got, whole.got);
    return;
  }
  const bool to_head = script.kind->to_head;
  const Message cut_up = read_answers(run.got, to_head, run.closed).last;
  const Message in_one = read_answers(whole.got, to_head, whole.closed).last;
  // What ends with the connection is cut where the bad bytes came.
  if (cut_up.framing == Message::Framing::until_close ||
      in_one.framing == Message::Framing::until_close) {
    return;
  }
  const Message sent = read_answers(script.bytes, to_head, true).last;
  if (is_seen_in_time(whole, in_one, run, cut_up, sent) ||
      is_seen_in_time(run, cut_up, whole, in_one, sent)) {
    return;
  }
  if (cut_up.whole() != in_one.whole() || cut_up.status != in_one.status ||
      (run.from_service && cut_up.whole() && cut_up.body != in_one.body)) {
    fail("cut into pieces it is another answer", run.got, whole.got);
  }
}

void run_one(std::string_view input) {
  if (input.size() < 4 || input.size() > kLongest) return;
  Script script;
  script.kind = &kKinds[static_cast<std::uint8_t>(input[0]) % kKinds.size()];
  script.cuts = static_cast<std::uint8_t>(input[1]);
  script.after = static_cast<After>(static_cast<std::uint8_t>(input[2]) %
                                    static_cast<std::uint8_t>(After::count_));
  script.bytes = input.substr(3);
  const Run run = play(script);
  check(script, run);
  stage().reset();
  if (script.cuts == 0 || script.after == After::floods) return;
  script.cuts = 0;
  const Run whole = play(script);
  check(script, whole);
  stage().reset();
  expect_same_run(script, run, whole);
}

}  // namespace
}  // namespace weir::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weir::fuzz::run_one({reinterpret_cast<const char*>(data), size});
  return 0;
}
