#include "held_import.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <string>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

class RunningJob : public HeldImport {
 protected:
  /// The events of the job as they come, in a file.
  Process follow() {
    return Process({.command = {"curl", "-sSN", "-H", "Accept: text/event-stream",
                                system_.api_url() + "/v1/jobs/" + job_},
                    .output = events_file()});
  }
  std::filesystem::path events_file() const { return folder_.path() / "events"; }
  std::string events() const {
    std::ifstream in(events_file());
    return {std::istreambuf_iterator<char>(in), {}};
  }

  TemporaryDirectory folder_;
};

TEST_F(RunningJob, IsCancelledOverHttpAndLeavesNothing) {
  Process follower = follow();
  EXPECT_TRUE(eventually_blocking([&] { return events().find("event: progress") != std::string::npos; }));

  const auto cancelled = system_.request("DELETE", "/v1/jobs/" + job_);
  ASSERT_EQ(cancelled.status, 200) << cancelled.body;
  EXPECT_EQ(json::parse(cancelled.body).at("state"), "failed");
  EXPECT_EQ(json::parse(cancelled.body).at("cancelled"), true);
  EXPECT_EQ(follower.wait(20s), 0);
  EXPECT_THAT(events(), HasSubstr("event: done"));
  EXPECT_THAT(events(), HasSubstr("\"cancelled\":true"));
  EXPECT_EQ(system_.request("DELETE", "/v1/jobs/" + job_).status, 409);
  const json audit = json::parse(system_.request("GET", "/v1/audit?after=2&limit=1").body);
  EXPECT_EQ(audit.at("action"), "job.cancel");
  EXPECT_EQ(audit.at("kb"), "shop");
  EXPECT_EQ(audit.at("object"), job_);

  system_.signal("embedding", SIGCONT);
  // What the model still had in hand ends nowhere: the next version of the file is the only one.
  const auto next =
      system_.upload("shop", "faq.csv", "text/csv", "question,answer\nWhere is part A1?,Here.\n");
  EXPECT_EQ(system_.wait_for_job(next).at("state"), "done");
  EXPECT_EQ(state().at("cancelled"), true);
  const json kb = system_.json("GET", "/v1/kbs/shop");
  EXPECT_EQ(kb.at("documents"), 1);
  EXPECT_EQ(kb.at("passages"), 1);
  EXPECT_TRUE(
      eventually_blocking([&] { return system_.metric("ingest", "kefu_stream_bytes", "KEFU_FILES") == 0; }));
}

TEST_F(RunningJob, ThatIsFollowedDoesNotKeepTheGatewayFromStopping) {
  Process follower = follow();
  EXPECT_TRUE(eventually_blocking([&] { return events().find("event: progress") != std::string::npos; }));
  EXPECT_EQ(system_.terminate("gateway", 0, 20s), 0);
  EXPECT_EQ(follower.wait(20s), 0);
  EXPECT_THAT(events(), HasSubstr("event: error"));
  EXPECT_THAT(events(), HasSubstr("connect again"));
  system_.signal("embedding", SIGCONT);
}

}  // namespace
}  // namespace kefu::testing
