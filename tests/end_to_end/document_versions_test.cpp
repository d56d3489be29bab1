#include "system.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace kefu::testing {
namespace {

using ::testing::HasSubstr;

class DocumentVersions : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(system_.request("PUT", "/v1/kbs/shop", "{}").status, 201); }
  /// The texts that a search finds, which is all of so small a knowledge base.
  std::vector<std::string> texts() {
    std::vector<std::string> found;
    for (const auto& hit : system_.search("shop", "warranty months", 20)) found.push_back(hit["text"]);
    return found;
  }

  System system_;
};

TEST_F(DocumentVersions, OfTwoUploadedAtOnceTheOneWithTheHigherJobStandsWhole) {
  for (int round = 0; round < 5; ++round) {
    std::string first_job;
    const std::string one = fmt::format("The warranty is {} months.", 10 + round);
    const std::string two = fmt::format("The warranty is {} months.", 60 + round);
    std::thread other([&] {  // a client of its own: the fixture's is used by this thread
      const std::string url =
          fmt::format("{}/v1/kbs/shop/documents?filename=warranty.txt", system_.api_url());
      const auto reply = run_command(
          {"curl", "-sS", "--fail-with-body", "-H", "Content-Type: text/plain", "--data-binary", one, url});
      first_job = nlohmann::json::parse(reply).at("job");
    });
    const std::string second_job = system_.upload("shop", "warranty.txt", "text/plain", two);
    other.join();
    ASSERT_FALSE(second_job.empty());
    EXPECT_EQ(system_.wait_for_job(first_job)["state"], "done");
    EXPECT_EQ(system_.wait_for_job(second_job)["state"], "done");
    const std::string& winner = std::stoull(first_job) > std::stoull(second_job) ? one : two;
    EXPECT_EQ(texts(), std::vector<std::string>{winner});
  }
}

TEST_F(DocumentVersions, AnUploadOfTheSameContentRightAfterADeleteStands) {
  const std::string text = "The warranty is 24 months.";
  system_.wait_for_job(system_.upload("shop", "warranty.txt", "text/plain", text));
  for (int round = 0; round < 5; ++round) {
    const std::string removal = system_.remove("shop", "warranty.txt");
    const std::string upload = system_.upload("shop", "warranty.txt", "text/plain", text);
    EXPECT_EQ(system_.wait_for_job(removal)["state"], "done");
    EXPECT_EQ(system_.wait_for_job(upload)["state"], "done");
    EXPECT_EQ(texts(), std::vector<std::string>{text});
  }
  system_.wait_for_job(system_.remove("shop", "warranty.txt"));
  EXPECT_TRUE(texts().empty());
}

TEST_F(DocumentVersions, RowsThatTheNewFileLacksDisappear) {
  system_.wait_for_job(system_.upload("shop", "a.csv", "text/csv",
                                      "question,answer,id\nq one?,a1,r1\nq two?,a2,r2\nq three?,a3,r3\n"));
  EXPECT_EQ(system_.json("GET", "/v1/kbs/shop")["passages"], 3);
  system_.wait_for_job(
      system_.upload("shop", "a.csv", "text/csv", "question,answer,id\nq one?,a1,r1\nq four?,a4,r4\n"));
  const auto kb = system_.json("GET", "/v1/kbs/shop");
  EXPECT_EQ(kb["passages"], 2);
  EXPECT_EQ(kb["documents"], 1);
}

TEST(CrashingDocument, FailsItsJobAndLeavesTheVersionBeforeAndTheNextJobsAlone) {
  System system;
  ASSERT_EQ(system.request("PUT", "/v1/kbs/shop", "{}").status, 201);
  system.wait_for_job(system.upload("shop", "warranty.txt", "text/plain", "The warranty is 24 months."));
  ASSERT_EQ(system.terminate("ingest"), 0);
  system.start("ingest", 0, {"--extractor-program", KEFU_CRASHING_EXTRACTOR});
  system.wait_ready("ingest");
  const auto crashed = system.wait_for_job(system.upload("shop", "warranty.txt", "text/plain", "bad"));
  EXPECT_EQ(crashed["state"], "failed");
  EXPECT_EQ(crashed["filename"], "warranty.txt");
  EXPECT_THAT(crashed["error"].get<std::string>(), HasSubstr("crashed its extractor"));
  EXPECT_EQ(system.metric("ingest", "kefu_ingest_jobs_total", "outcome=\"failed\""), 1);

  ASSERT_EQ(system.terminate("ingest"), 0);
  system.start("ingest");
  system.wait_ready("ingest");
  const auto next = system.wait_for_job(system.upload("shop", "other.txt", "text/plain", "Open on Sundays."));
  EXPECT_EQ(next["state"], "done");
  const auto hits = system.search("shop", "warranty months", 20);
  ASSERT_EQ(hits.size(), 2U);
  EXPECT_EQ(hits[0]["text"], "The warranty is 24 months.");
}

}  // namespace
}  // namespace kefu::testing
