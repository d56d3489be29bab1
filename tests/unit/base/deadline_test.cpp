#include <kefu/base/deadline.hpp>
#include <kefu/base/request_context.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace kefu {
namespace {

using namespace std::chrono_literals;

TEST(Deadline, RemainingIsNeverNegative) {
  const Deadline past = Deadline::at(Deadline::Clock::now() - 1h);
  EXPECT_TRUE(past.passed());
  EXPECT_EQ(past.remaining(), 0s);
}

TEST(Deadline, AStepMayShortenTheTimeButNotLengthenIt) {
  const Deadline request = Deadline::in(1h);
  EXPECT_LT(request.at_most(1min).time(), request.time());
  EXPECT_EQ(request.at_most(2h).time(), request.time());
}

TEST(RequestContext, AStepKeepsTheIdAndTheTrace) {
  const RequestContext request{.request_id = "r1", .deadline = Deadline::in(1h), .traceparent = "00-a-b-01"};
  const RequestContext step = request.at_most(1s);
  EXPECT_EQ(step.request_id, "r1");
  EXPECT_EQ(step.traceparent, "00-a-b-01");
  EXPECT_LT(step.deadline.time(), request.deadline.time());
}

}  // namespace
}  // namespace kefu
