#include "fake_service.hpp"
#include "kefu/v1/document.pb.h"
#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

namespace kefu::gateway {
namespace {

using kefu::v1::Job;
using kefu::v1::RowEdit;
using nlohmann::json;
using ::testing::HasSubstr;

constexpr auto kFaq = "/v1/kbs/shop/documents/faq.csv";

/// Index with one document, "faq.csv" of the knowledge base "shop", and ingest with nothing to do.
class Documents : public ::testing::Test {
 protected:
  Documents() { gateway_.add_knowledge_base("shop", "inc1"); }

  void serve_index() {
    FakeService<kefu::v1::GetDocumentRequest, kefu::v1::GetDocumentResponse>::serve(
        gateway_, proto::kGetDocument,
        [](const kefu::v1::GetDocumentRequest& request) -> Result<kefu::v1::GetDocumentResponse> {
          if (request.filename() != "faq.csv") return fail(Errc::not_found, "there is no such document");
          kefu::v1::GetDocumentResponse response;
          response.mutable_document()->set_filename(request.filename());
          auto& passage = *response.add_passages();
          passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
          passage.set_row(1);
          passage.set_title(request.kb_name());
          passage.set_answer(std::to_string(request.first_passage()) + " " +
                             std::to_string(request.passage_limit()));
          return response;
        });
  }
  void serve_ingest() {
    FakeService<kefu::v1::ListJobsRequest, kefu::v1::ListJobsResponse>::serve(
        gateway_, proto::kListJobs, [this](const kefu::v1::ListJobsRequest& request) {
          EXPECT_EQ(request.kb_name(), "shop");
          kefu::v1::ListJobsResponse response;
          if (unfinished_) response.add_states()->set_kb_name("shop");
          return response;
        });
  }
  http::Response send(const char* method, const std::string& path, const std::string& body = {}) {
    http::ClientRequest request{.method = method, .url = gateway_.url(path), .fields = {}, .body = body};
    if (!body.empty()) request.fields.set("Content-Type", "application/json");
    return gateway_.send(std::move(request));
  }
  Job last_job() {
    Job job;
    const auto stored = gateway_.last(proto::kJobsStream, "kefu.v1.jobs.inc1");
    EXPECT_TRUE(stored && job.ParseFromString(stored->payload));
    return job;
  }

  std::atomic<bool> unfinished_ = false;
  GatewayHarness gateway_;
};

TEST_F(Documents, AreListedPageByPage) {
  FakeService<kefu::v1::ListDocumentsRequest, kefu::v1::ListDocumentsResponse>::serve(
      gateway_, proto::kListDocuments, [](const kefu::v1::ListDocumentsRequest& request) {
        EXPECT_EQ(request.kb_name(), "shop");
        EXPECT_EQ(request.limit(), request.after().empty() ? 100U : 2U);
        kefu::v1::ListDocumentsResponse response;
        response.add_documents()->set_filename(request.after() + "b");
        response.set_more(true);
        return response;
      });
  EXPECT_EQ(json_of(gateway_.get("/v1/kbs/shop/documents"))["next"], "b");
  EXPECT_EQ(json_of(gateway_.get("/v1/kbs/shop/documents?after=a%20&limit=2"))["documents"][0]["filename"],
            "a b");
  EXPECT_EQ(gateway_.get("/v1/kbs/shop/documents?limit=0").status, 400);
  EXPECT_EQ(gateway_.get("/v1/kbs/shop/documents?after=a%2Fb").status, 400);
}

TEST_F(Documents, AreShownWithTheirRows) {
  serve_index();
  const json body = json_of(gateway_.get(std::string(kFaq) + "?first=7&limit=20"));
  EXPECT_EQ(body["filename"], "faq.csv");
  EXPECT_EQ(body["rows"][0]["question"], "shop");
  EXPECT_EQ(body["rows"][0]["answer"], "7 20");
  EXPECT_EQ(json_of(gateway_.get(kFaq))["rows"][0]["answer"], "0 100");
  EXPECT_EQ(gateway_.get("/v1/kbs/shop/documents/other.csv").status, 404);
  EXPECT_EQ(gateway_.get(std::string(kFaq) + "?first=-1").status, 400);
  EXPECT_EQ(gateway_.get(std::string(kFaq) + "?limit=201").status, 400);
}

TEST_F(Documents, HaveRowsThatAreChangedRemovedAndAppendedByJobs) {
  serve_index();
  const auto changed = send("PATCH", std::string(kFaq) + "/rows/3", R"({"answer":"新","version":7})");
  ASSERT_EQ(changed.status, 202) << changed.body;
  EXPECT_EQ(json_of(changed)["job"], "1");
  EXPECT_EQ(last_job().action(), Job::ACTION_EDIT);
  EXPECT_EQ(last_job().filename(), "faq.csv");
  EXPECT_EQ(last_job().kb_incarnation(), "inc1");
  EXPECT_EQ(last_job().base_version(), 7U);
  EXPECT_EQ(last_job().edit().action(), RowEdit::ACTION_CHANGE);
  EXPECT_EQ(last_job().edit().row(), 3U);
  EXPECT_EQ(last_job().edit().answer(), "新");
  EXPECT_FALSE(last_job().edit().has_question());

  EXPECT_EQ(send("DELETE", std::string(kFaq) + "/rows/4?version=8").status, 202);
  EXPECT_EQ(last_job().edit().action(), RowEdit::ACTION_REMOVE);
  EXPECT_EQ(last_job().edit().row(), 4U);
  EXPECT_EQ(last_job().base_version(), 8U);

  EXPECT_EQ(send("POST", std::string(kFaq) + "/rows", R"({"question":"q","answer":"a"})").status, 202);
  EXPECT_EQ(last_job().edit().action(), RowEdit::ACTION_APPEND);
  EXPECT_EQ(last_job().edit().question(), "q");
  EXPECT_EQ(last_job().base_version(), 0U);
}

TEST_F(Documents, RefuseEditsThatMakeNoSense) {
  serve_index();
  EXPECT_EQ(send("PATCH", std::string(kFaq) + "/rows/0", R"({"answer":"a"})").status, 404);
  EXPECT_EQ(send("PATCH", std::string(kFaq) + "/rows/x", R"({"answer":"a"})").status, 404);
  EXPECT_EQ(send("PATCH", std::string(kFaq) + "/rows/1", "{}").status, 400);
  EXPECT_EQ(send("PATCH", std::string(kFaq) + "/rows/1").status, 415);
  EXPECT_EQ(send("DELETE", std::string(kFaq) + "/rows/1?version=x").status, 400);
  EXPECT_EQ(send("POST", std::string(kFaq) + "/rows", R"({"question":"q"})").status, 400);
  EXPECT_EQ(
      send("PATCH", std::string(kFaq) + "/rows/1", json{{"answer", std::string(600000, 'a')}}.dump()).status,
      413);
  EXPECT_EQ(send("PATCH", "/v1/kbs/nothing/documents/faq.csv/rows/1", R"({"answer":"a"})").status, 404);
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

TEST_F(Documents, ThatNobodyKnowsAreNotChanged) {
  serve_index();
  serve_ingest();
  const auto gone = send("DELETE", "/v1/kbs/shop/documents/other.csv");  // there never was a job
  EXPECT_EQ(gone.status, 404);
  EXPECT_EQ(json_of(gone)["error"]["message"], "there is no document \"other.csv\"");
  EXPECT_EQ(send("DELETE", kFaq).status, 202);
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop/documents/other.csv").status, 404);  // all jobs are finished
  EXPECT_EQ(send("PATCH", "/v1/kbs/shop/documents/other.csv/rows/1", R"({"answer":"a"})").status, 404);
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 1U);
}

TEST_F(Documents, ThatMayBeOnTheirWayAreDeleted) {
  serve_index();
  serve_ingest();
  unfinished_ = true;
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop/documents/other.csv").status, 202);
}

TEST_F(Documents, AreDeletedWithoutAnIndexThatAnswers) {
  EXPECT_EQ(send("DELETE", kFaq).status, 202);
  EXPECT_EQ(last_job().action(), Job::ACTION_DELETE);
}

}  // namespace
}  // namespace kefu::gateway
