// Where rules are played: one weir process, the clients and the service on both of its sides, all
// in the test's own thread. The service is nothing but recorded bytes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/e2e/http_rules.h"
#include "tests/support/socket.h"
#include "tests/support/weir_process.h"

namespace weir::testing::rules {

class Stage {
 public:
  // Starts weir with the config; `upstream:` is put before it unless `with_upstream` is false, when
  // every "SERVICE" in it becomes the service's address.
  explicit Stage(std::string config, bool with_upstream = true);
  ~Stage();

  // What went otherwise than the rule says; empty: nothing. Each rule begins with new connections
  // on both sides.
  std::string play(const Rule& rule);

  WeirProcess& weir() { return *weir_; }
  void stop_listening() { listener_.reset(); }

 private:
  // One end of a connection to weir.
  struct End {
    Socket socket;
    std::string unread;
    std::string all;      // for the report
    bool closed = false;  // by weir, with FIN or RST
    bool reset = false;
    bool left = false;  // closed by the test
  };

  std::string perform(const Step& step);
  std::string client_gets(const Step& step);
  std::string client_sees_end(const Step& step);
  std::string service_gets(const Step& step);
  std::string service_sees_end();
  std::string finish(const Rule& rule);
  std::string probe(End*& end, bool same);
  std::string check_partial(const Rule& rule);
  std::string check_strays(const Rule& rule);

  End& client(std::size_t index);
  void send(End& end, const std::string& text);
  // Reads what there is on all connections; waits for something at most so long.
  void pump(milliseconds bound);
  void read(End& end);
  template <typename Done>
  bool until(const Done& done, const std::vector<std::unique_ptr<End>>& others);
  // The connection that brought something to the service of which the pattern may be the beginning.
  End* bringing(const std::string& pattern);
  void forget();
  std::string report(const std::string& what);

  std::unique_ptr<Listener> listener_;
  WeirOptions options_;
  std::unique_ptr<WeirProcess> weir_;
  std::vector<std::unique_ptr<End>> clients_, service_;
  End* current_ = nullptr;  // of service_: where the service speaks
};

// A suite is a class derived from this with `static constexpr const char* kConfig`, and
// WEIR_HTTP_RULES(Suite, table).
template <typename Suite>
class RuleTest : public ::testing::TestWithParam<Rule> {
 public:
  static void SetUpTestSuite() {
    // Told by each test: what fails here, ctest would take for skipped.
    try {
      stage_ = std::make_unique<Stage>(Suite::kConfig);
    } catch (const std::exception& error) {
      no_stage_ = error.what();
    }
  }
  static void TearDownTestSuite() { stage_.reset(); }

 protected:
  static Stage& stage() { return *stage_; }
  void play() {
    ASSERT_TRUE(stage_) << no_stage_;
    const std::string wrong = stage().play(GetParam());
    if (!wrong.empty()) ADD_FAILURE() << wrong;
  }

 private:
  static inline std::unique_ptr<Stage> stage_;
  static inline std::string no_stage_;
};

inline std::string name_of(const ::testing::TestParamInfo<Rule>& info) { return info.param.name; }

// All tables, for the tests about them.
std::vector<Rules (*)()>& all_tables();
inline bool add_table(Rules (*table)()) {
  all_tables().push_back(table);
  return true;
}

}  // namespace weir::testing::rules

#define WEIR_HTTP_RULES(Suite, table)                                                     \
  TEST_P(Suite, Holds) { play(); }                                                        \
  [[maybe_unused]] const bool k##Suite##Added = ::weir::testing::rules::add_table(table); \
  INSTANTIATE_TEST_SUITE_P(Rfc, Suite, ::testing::ValuesIn(table()),                      \
                           ::weir::testing::rules::name_of)
