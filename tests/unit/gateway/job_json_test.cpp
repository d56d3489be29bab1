#include "job_json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;

TEST(JobJson, WritesStagesRejectionsAndTokens) {
  kefu::v1::JobState state;
  state.set_job(42);
  state.set_state(kefu::v1::JobState::STATE_RUNNING);
  state.set_kb_name("shop");
  state.set_filename("faq.csv");
  state.mutable_embedded()->set_done(3);
  state.mutable_embedded()->set_total(9);
  auto& rejection = *state.add_rejected();
  rejection.set_file("faq.csv");
  rejection.set_row(7);
  rejection.set_field("answer");
  rejection.set_reason("the answer is missing");
  state.set_rejected_total(1);
  state.mutable_usage()->set_embedding_tokens(100);

  const json body = json::parse(job_json(state));
  EXPECT_EQ(body["id"], "42");
  EXPECT_EQ(body["state"], "running");
  EXPECT_EQ(body["stages"]["embedded"], (json{{"done", 3}, {"total", 9}}));
  EXPECT_EQ(body["stages"]["indexed"], (json{{"done", 0}, {"total", 0}}));
  EXPECT_EQ(
      body["rejected"][0],
      (json{{"file", "faq.csv"}, {"row", 7}, {"field", "answer"}, {"reason", "the answer is missing"}}));
  EXPECT_EQ(body["usage"], (json{{"embedding_tokens", 100}, {"saved_tokens", 0}}));
  EXPECT_FALSE(body.contains("error"));
}

TEST(JobJson, SaysWhyAJobFailed) {
  kefu::v1::JobState state;
  state.set_state(kefu::v1::JobState::STATE_FAILED);
  state.set_error("not a text");
  const json body = json::parse(job_json(state));
  EXPECT_EQ(body["state"], "failed");
  EXPECT_EQ(body["error"], "not a text");
}

TEST(JobJson, SaysWhatItDoesAndWhen) {
  kefu::v1::JobState state;
  state.set_state(kefu::v1::JobState::STATE_FAILED);
  state.set_action(kefu::v1::Job::ACTION_EDIT);
  state.set_cancelled(true);
  state.set_created_unix_ms(1'700'000'000'000);
  state.set_finished_unix_ms(1'700'000'001'000);
  const json body = json::parse(jobs_json({state}))["jobs"][0];
  EXPECT_EQ(body["action"], "edit");
  EXPECT_EQ(body["cancelled"], true);
  EXPECT_EQ(body["created_at"], "2023-11-14T22:13:20Z");
  EXPECT_EQ(body["finished_at"], "2023-11-14T22:13:21Z");
  EXPECT_EQ(jobs_json({}), R"({"jobs":[]})");
}

TEST(JobJson, KnowsNoJobUnderAnIdThatIsNoNumber) {
  EXPECT_EQ(*parse_job_id("18446744073709551615"), 18446744073709551615U);
  for (const char* id : {"", "0", "-1", "12x", "18446744073709551616", " 1"}) {
    EXPECT_EQ(parse_job_id(id).error().code, Errc::not_found) << id;
  }
}

TEST(JobJson, GivesTheIdOfAnAcceptedJobAsText) { EXPECT_EQ(accepted_json(7), R"({"job":"7"})"); }

}  // namespace
}  // namespace kefu::gateway
