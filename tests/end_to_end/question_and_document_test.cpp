#include "system.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace kefu::testing {
namespace {

using ::testing::HasSubstr;

constexpr auto kFaq =
    "问题,答案,编号\n"
    "如何退货？,签收后 7 天内可以无理由退货，在订单页点“申请退货”。,return-7\n"
    "你们支持哪些支付方式？,支持微信支付、支付宝和银联卡。,pay\n"
    "怎么开发票？,在订单详情页点“开发票”，电子发票会发到您的邮箱。,invoice\n";
constexpr auto kHandbook =
    "# 配送说明\n\n## 快递公司\n\n我们用顺丰和中通发货，默认中通。\n\n## 偏远地区\n\n新疆、西藏的订单加收 15 "
    "元运费，5 到 8 天送达。\n";

class OneSystem : public ::testing::Test {
 protected:
  void import_shop() {
    ASSERT_EQ(system_.request("PUT", "/v1/kbs/shop", "{}").status, 201);
    faq_job_ = system_.wait_for_job(system_.upload("shop", "faq.csv", "text/csv", kFaq));
    handbook_job_ = system_.wait_for_job(system_.upload("shop", "配送.md", "text/markdown", kHandbook));
    ASSERT_EQ(faq_job_["state"], "done") << faq_job_;
    ASSERT_EQ(handbook_job_["state"], "done") << handbook_job_;
  }
  nlohmann::json answer(const std::string& question) {
    const auto response = system_.ask("shop", question);
    EXPECT_EQ(response.status, 200) << response.body;
    return nlohmann::json::parse(response.body);
  }

  System system_;
  nlohmann::json faq_job_;
  nlohmann::json handbook_job_;
};

TEST_F(OneSystem, AnswersFromTheFaqAndFromADocumentAndRefusesWhatItDoesNotHold) {
  import_shop();
  const auto faq = answer("怎么退货呀");
  EXPECT_EQ(faq["decision"], "faq");
  EXPECT_THAT(faq["answer"].get<std::string>(), HasSubstr("7 天内"));
  EXPECT_EQ(faq["sources"][0]["document"], "return-7");

  const auto extracted = answer("寄到新疆要加多少运费？");
  EXPECT_EQ(extracted["decision"], "extracted");
  EXPECT_THAT(extracted["answer"].get<std::string>(), HasSubstr("15 元"));
  EXPECT_EQ(extracted["sources"][0]["document"], "配送.md");
  EXPECT_THAT(extracted["sources"][0]["heading"].get<std::string>(), HasSubstr("偏远地区"));

  const auto refused = answer("明天上海会下雨吗？");
  EXPECT_EQ(refused["decision"], "refused");
  EXPECT_TRUE(refused["sources"].empty());
}

TEST_F(OneSystem, ReportsTheStagesOfAJobAndEmbedsNothingTwice) {
  import_shop();
  EXPECT_EQ(faq_job_["stages"]["extracted"], (nlohmann::json{{"done", 3}, {"total", 3}}));
  EXPECT_EQ(faq_job_["stages"]["embedded"], (nlohmann::json{{"done", 3}, {"total", 3}}));
  EXPECT_EQ(faq_job_["stages"]["indexed"], (nlohmann::json{{"done", 3}, {"total", 3}}));
  EXPECT_GT(faq_job_["usage"]["embedding_tokens"], 0);

  const auto again = system_.wait_for_job(system_.upload("shop", "faq.csv", "text/csv", kFaq));
  EXPECT_EQ(again["state"], "done");
  EXPECT_EQ(again["usage"]["embedding_tokens"], 0);
  EXPECT_EQ(again["usage"]["saved_tokens"], faq_job_["usage"]["embedding_tokens"]);
  EXPECT_EQ(system_.json("GET", "/v1/kbs/shop")["passages"],
            3 + handbook_job_["stages"]["indexed"]["done"].get<int>());

  const auto first = answer("支付方式有哪些？");
  const auto second = answer("支付方式有哪些?");  // another form of the question mark, the same question
  EXPECT_GT(first["usage"]["embedding_tokens"], 0);
  EXPECT_EQ(second["usage"]["embedding_tokens"], 0);
  EXPECT_EQ(second["usage"]["saved_tokens"], first["usage"]["embedding_tokens"]);
}

TEST_F(OneSystem, StreamsAnAnswerAsServerSentEvents) {
  import_shop();
  const auto response =
      system_.request("POST", "/v1/ask", R"({"kb":"shop","question":"怎么开发票？","stream":true})");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(std::string(response.fields.get("Content-Type")), HasSubstr("text/event-stream"));
  const auto sources = response.body.find("event: sources");
  const auto delta = response.body.find("event: delta");
  const auto done = response.body.find("event: done");
  EXPECT_LT(sources, delta);
  EXPECT_LT(delta, done);
  EXPECT_NE(done, std::string::npos) << response.body;
}

TEST_F(OneSystem, ARowThatCannotBeTakenIsNamedAndTheOthersGoIn) {
  ASSERT_EQ(system_.request("PUT", "/v1/kbs/shop", "{}").status, 201);
  const auto job = system_.wait_for_job(system_.upload(
      "shop", "faq.csv", "text/csv", "question,answer\nHow do I return shoes?,Within 7 days.\nWho pays?,\n"));
  EXPECT_EQ(job["state"], "done");
  ASSERT_EQ(job["rejected"].size(), 1U) << job;
  EXPECT_EQ(job["rejected"][0]["file"], "faq.csv");
  EXPECT_EQ(job["rejected"][0]["row"], 2);
  EXPECT_EQ(job["rejected"][0]["field"], "answer");
  EXPECT_EQ(system_.json("GET", "/v1/kbs/shop")["passages"], 1);
}

TEST_F(OneSystem, KeepsEverythingWhenAllOfItIsRestarted) {
  import_shop();
  for (const std::string& service : System::service_names())
    ASSERT_EQ(system_.terminate(service), 0) << service;
  system_.nats().kill();
  system_.nats().start();
  for (const std::string& service : System::service_names()) system_.start(service);
  system_.wait_ready();
  EXPECT_EQ(answer("如何退货？")["sources"][0]["document"], "return-7");
  EXPECT_EQ(system_.request("GET", "/v1/jobs/" + faq_job_["id"].get<std::string>()).status, 200);
}

TEST_F(OneSystem, AnIndexWhoseDiskIsGoneRebuildsItselfFromTheLog) {
  import_shop();
  const auto before = system_.json("GET", "/v1/kbs/shop");
  system_.kill("index");
  std::filesystem::remove_all(system_.data_directory("index"));
  system_.start("index");
  system_.wait_ready("index");
  EXPECT_EQ(answer("如何退货？")["sources"][0]["document"], "return-7");
  EXPECT_EQ(system_.json("GET", "/v1/kbs/shop")["passages"], before["passages"]);
  EXPECT_EQ(system_.json("GET", "/v1/kbs/shop")["documents"], before["documents"]);
  EXPECT_GT(system_.metric("index", "kefu_index_replayed_messages_total"), 0);
}

TEST_F(OneSystem, AKnowledgeBaseCreatedAgainBeginsEmpty) {
  import_shop();
  ASSERT_EQ(system_.request("DELETE", "/v1/kbs/shop").status, 204);
  EXPECT_EQ(system_.ask("shop", "如何退货？").status, 404);
  ASSERT_EQ(system_.request("PUT", "/v1/kbs/shop", "{}").status, 201);
  EXPECT_EQ(system_.json("GET", "/v1/kbs/shop")["passages"], 0);
  EXPECT_EQ(answer("如何退货？")["decision"], "refused");
}

}  // namespace
}  // namespace kefu::testing
