#include "system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr auto kFaq = "question,answer,id\nHow do I return shoes?,Within 7 days.,r1\n";
constexpr auto kQuestion = "How do I return shoes?";

class DependencyOutage : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(system_.request("PUT", "/v1/kbs/shop", "{}").status, 201);
    ASSERT_EQ(system_.wait_for_job(system_.upload("shop", "faq.csv", "text/csv", kFaq))["state"], "done");
    ASSERT_TRUE(answered());
  }
  bool answered(const std::string& question = kQuestion) {
    const auto response = system_.ask("shop", question);
    if (response.status == 200) ++replies_;
    return response.status == 200 && nlohmann::json::parse(response.body)["decision"] == "faq";
  }
  bool everything_ready() {
    for (const std::string& service : System::service_names()) {
      if (system_.get(system_.admin_url(service) + "/readyz").status != 200) return false;
    }
    return true;
  }

  System system_;
  int replies_ = 0;  // questions that were answered, whatever the decision
};

TEST_F(DependencyOutage, WithoutRedisAnswersStayRightAndTheMetricsSaySo) {
  system_.redis().kill();
  EXPECT_TRUE(answered("How do I return my shoes?"));
  EXPECT_TRUE(answered("How can I return shoes?"));
  EXPECT_GT(system_.metric("embedding", "kefu_embedding_cache_lookups_total", "result=\"error\""), 0);
  const auto ready = system_.get(system_.admin_url("embedding") + "/readyz");
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(nlohmann::json::parse(ready.body)["status"], "degraded");
  const auto job = system_.upload("shop", "more.csv", "text/csv",
                                  "question,answer,id\nAre you open on Sundays?,Yes.,r2\n");
  EXPECT_EQ(system_.wait_for_job(job)["state"], "done");

  system_.redis().start();
  EXPECT_TRUE(eventually_blocking([&] {
    return nlohmann::json::parse(system_.get(system_.admin_url("embedding") + "/readyz").body)["status"] ==
           "ok";
  }));
  EXPECT_TRUE(answered());
}

TEST_F(DependencyOutage, AStoppedRedisHoldsUpNoAnswer) {
  system_.redis().pause();
  EXPECT_TRUE(answered("How could I return shoes?"));
  system_.redis().resume();
  EXPECT_TRUE(answered());
}

TEST_F(DependencyOutage, WithoutNatsEveryRequestIsRefusedAtOnceAndLaterTheServicesReconnect) {
  system_.nats().kill();
  ASSERT_TRUE(eventually_blocking([&] { return system_.ask("shop", kQuestion).status == 503; }));
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i) {
    const auto response = system_.ask("shop", kQuestion);
    EXPECT_EQ(response.status, 503) << response.body;
    EXPECT_EQ(nlohmann::json::parse(response.body)["error"]["code"], "unavailable");
    EXPECT_FALSE(response.fields.get("Retry-After").empty());
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);  // of all twenty: none waited for a deadline
  EXPECT_EQ(system_.get(system_.admin_url("gateway") + "/readyz").status, 503);
  EXPECT_EQ(system_.request("POST", "/v1/kbs/shop/documents?filename=a.txt", "text", "text/plain").status,
            503);

  const double asked = system_.metric("answer", "kefu_answer_questions_total");
  replies_ = 0;
  system_.nats().start();
  EXPECT_TRUE(eventually_blocking([&] { return everything_ready() && answered(); }));
  // What was refused while NATS was away was not sent later: only the questions since then arrived.
  EXPECT_EQ(system_.metric("answer", "kefu_answer_questions_total"), asked + replies_);
  const auto job = system_.upload("shop", "more.csv", "text/csv",
                                  "question,answer,id\nAre you open on Sundays?,Yes.,r2\n");
  EXPECT_EQ(system_.wait_for_job(job)["state"], "done");
}

TEST_F(DependencyOutage, ANatsThatOnlyStallsEndsRequestsWithinTheirTimeAndNothingIsAnsweredLate) {
  system_.nats().pause();
  const auto begin = std::chrono::steady_clock::now();
  const auto response = system_.ask("shop", kQuestion);
  const auto waited = std::chrono::steady_clock::now() - begin;
  EXPECT_THAT(response.status, AnyOf(503, 504)) << response.body;
  EXPECT_LT(waited, 7s);  // the silent server is given up within 5 s, beside the time of a busy machine
  const double asked = system_.metric("answer", "kefu_answer_questions_total");
  system_.nats().resume();
  replies_ = 0;
  EXPECT_TRUE(eventually_blocking([&] { return everything_ready() && answered(); }));
  // The server may have held the one question that it was sent before it stalled; its client had its error
  // long ago.
  EXPECT_LE(system_.metric("answer", "kefu_answer_questions_total"), asked + replies_ + 1);
}

}  // namespace
}  // namespace kefu::testing
