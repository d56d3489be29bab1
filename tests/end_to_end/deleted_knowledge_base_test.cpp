// A knowledge base that is deleted while files are on their way into it, and files with rows that look empty.
#include "held_import.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <string>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr const char* kDeleted = "the knowledge base \"shop\" was deleted after this upload";

class KnowledgeBaseWithRunningJob : public HeldImport {
 protected:
  void expect_ended_by_the_deletion() {
    EXPECT_EQ(system_.wait_for_job(job_, 30s).at("error"), kDeleted);
    EXPECT_EQ(state().at("state"), "failed");
    EXPECT_FALSE(state().contains("cancelled"));
    EXPECT_TRUE(system_.json("GET", "/v1/jobs").at("jobs").empty());
    EXPECT_TRUE(
        eventually_blocking([&] { return system_.metric("ingest", "kefu_ingest_jobs_unfinished") == 0; }));
  }
  /// What the model still had in hand ends nowhere.
  void expect_a_new_one_holds_its_own_content_alone() {
    system_.json("PUT", "/v1/kbs/shop");
    system_.signal("embedding", SIGCONT);
    const auto next =
        system_.upload("shop", "faq.csv", "text/csv", "question,answer\nWhere is part A1?,Here.\n");
    EXPECT_EQ(system_.wait_for_job(next).at("state"), "done");
    EXPECT_EQ(system_.json("GET", "/v1/kbs/shop").at("passages"), 1);
    EXPECT_EQ(state().at("state"), "failed");
    for (const char* stream : {"KEFU_PASSAGES", "KEFU_FILES"}) {
      const std::string service = stream == std::string("KEFU_FILES") ? "ingest" : "embedding";
      const std::string label = fmt::format("stream=\"{}\"", stream);
      EXPECT_TRUE(eventually_blocking([&] {
        return system_.metric(service, "kefu_stream_messages", label) == 0;
      })) << stream;
    }
  }
};

TEST_F(KnowledgeBaseWithRunningJob, EndsTheJobWhenItIsDeleted) {
  EXPECT_EQ(system_.request("DELETE", "/v1/kbs/shop").status, 204);
  expect_ended_by_the_deletion();
  EXPECT_EQ(system_.request("GET", "/v1/jobs/1000").status, 404);
  EXPECT_GT(system_.metric("ingest", "kefu_ingest_requests_total", "operation=\"get_job\""), 1);
  EXPECT_EQ(system_.metric("ingest", "kefu_ingest_requests_total", "operation=\"list_jobs\""), 1);
  EXPECT_EQ(system_.metric("ingest", "kefu_ingest_requests_total", "operation=\"cancel_job\""), 0);
  EXPECT_EQ(system_.metric("ingest", "kefu_ingest_errors_total", "code=\"not_found\",operation=\"get_job\""),
            1);
  expect_a_new_one_holds_its_own_content_alone();
}

TEST_F(KnowledgeBaseWithRunningJob, EndsTheJobOfAnEarlierRunWhenItWasDeletedAndCreatedAgainMeanwhile) {
  system_.kill("ingest");
  EXPECT_EQ(system_.request("DELETE", "/v1/kbs/shop").status, 204);
  system_.json("PUT", "/v1/kbs/shop");
  system_.start("ingest");
  system_.wait_ready("ingest");
  expect_ended_by_the_deletion();
  expect_a_new_one_holds_its_own_content_alone();
}

TEST(RowsThatLookEmpty, AreRejectedAndTheOthersAnswer) {
  System system;
  system.json("PUT", "/v1/kbs/shop");
  const json imported =
      system.wait_for_job(system.upload("shop", "faq.csv", "text/csv",
                                        "question,answer,similar\nq1,a1,\u200B|\u00AD\n\u200B,a2,\nq3,\u2060,"
                                        "\nWhere is part A1?,On shelf 7.,\n"));
  EXPECT_EQ(imported.at("state"), "done") << imported;
  EXPECT_EQ(imported.at("rejected_total"), 2);
  EXPECT_EQ(imported.at("rejected")[0].at("row"), 2);
  EXPECT_EQ(imported.at("rejected")[0].at("field"), "question");
  EXPECT_EQ(imported.at("rejected")[1].at("row"), 3);
  EXPECT_EQ(imported.at("rejected")[1].at("field"), "answer");
  EXPECT_EQ(system.json("GET", "/v1/kbs/shop").at("passages"), 2);
  EXPECT_EQ(json::parse(system.ask("shop", "Where is part A1?").body).at("answer"), "On shelf 7.");
  const json invisible = system.wait_for_job(system.upload("shop", "a.txt", "text/plain", "\u200B\n"));
  EXPECT_EQ(invisible.at("error"), "the document holds no text");
}

}  // namespace
}  // namespace kefu::testing
