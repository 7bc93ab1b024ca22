#include "filters/request.h"

#include <gtest/gtest.h>

#include "tests/support/chain_harness.h"

namespace weir::test {
namespace {

using namespace std::chrono_literals;

// Sets an alarm on its way inward.
class Alarming final : public Filter {
 public:
  Alarming(Alarm alarm, FilterContext context)
      : Filter("alarming", std::move(context)), alarm_(alarm) {}
  Visit& visit(VisitSlot slot) override { return slot.make<SettingVisit>(alarm_); }

 private:
  class SettingVisit final : public Visit {
   public:
    SettingVisit(Request& request, const Alarm& alarm) : Visit(request), alarm_(alarm) {}
    Entered enter() override {
      set_alarm(alarm_.at, alarm_.exact);
      return Entered::inward;
    }

   private:
    Alarm alarm_;
  };
  Alarm alarm_;
};

Alarm alarm_of(const std::vector<Alarm>& alarms) {
  ChainHarness h;
  ChainHarness::Filters filters;
  for (const Alarm& alarm : alarms)
    filters.push_back(std::make_shared<Alarming>(alarm, h.context()));
  h.chain(filters);
  return h.arrive().next_alarm;
}

constexpr Time kT = Time(100h);

TEST(RequestAlarmTest, IsTheEarliestOfItsVisits) {
  const Alarm alarm = alarm_of({{kT + 3s, false}, {kT + 1s, false}, {kT + 2s, false}});
  EXPECT_EQ(alarm.at, kT + 1s);
  EXPECT_FALSE(alarm.exact);
}

TEST(RequestAlarmTest, NobodysIsNever) { EXPECT_EQ(alarm_of({{}, {}}).at, kNever); }

TEST(RequestAlarmTest, AnExactOneGoesFirstWithinATickOfACoarseOne) {
  EXPECT_TRUE(alarm_of({{kT, false}, {kT + 5ms, true}}).exact);
  EXPECT_TRUE(alarm_of({{kT, false}, {kT - 5ms, true}}).exact);
  EXPECT_FALSE(alarm_of({{kT, false}, {kT + 1s, true}}).exact);
  EXPECT_TRUE(alarm_of({{kT, true}}).exact);
}

TEST(RequestClientWaitTest, AddsUpAndCountsWhatIsOngoing) {
  Request request;
  request.client_wait_begins(kT);
  request.client_wait_begins(kT + 1s);  // it has begun
  EXPECT_EQ(request.client_waited(kT + 3s), 3s);
  request.client_wait_ends(kT + 4s);
  request.client_wait_ends(kT + 9s);  // it has ended
  EXPECT_EQ(request.client_waited(kT + 10s), 4s);
  request.client_wait_begins(kT + 10s);
  EXPECT_EQ(request.client_waited(kT + 11s), 5s);
}

TEST(DeadlineTest, TheEarlierOfTheFixedOneAndTheOneThatStandsStill) {
  EXPECT_EQ(Deadline{}.at(1h), kNever);
  EXPECT_EQ((Deadline{.absolute = kT, .pausable = kNever}.at(1h)), kT);
  EXPECT_EQ((Deadline{.absolute = kT, .pausable = kT - 1s}.at(0s)), kT - 1s);
  EXPECT_EQ((Deadline{.absolute = kT, .pausable = kT - 1s}.at(500ms)), kT - 500ms);
  EXPECT_EQ((Deadline{.absolute = kT, .pausable = kT - 1s}.at(2s)), kT);
}

TEST(TimeTest, AdditionStopsAtNever) {
  EXPECT_EQ(saturating_add(kT, 1s), kT + 1s);
  EXPECT_EQ(saturating_add(kNever, 1s), kNever);
  EXPECT_EQ(saturating_add(kT, Duration::max()), kNever);
  EXPECT_EQ(saturating_add(kNever - 1ns, 1ns), kNever);
  EXPECT_EQ(saturating_add(kT, -1ns), kT - 1ns);
}

}  // namespace
}  // namespace weir::test
