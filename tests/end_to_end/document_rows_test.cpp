#include "system.hpp"

#include <gtest/gtest.h>

namespace kefu::testing {
namespace {

using nlohmann::json;

constexpr auto kFaq = "/v1/kbs/shop/documents/faq.csv";

class DocumentRows : public ::testing::Test {
 protected:
  DocumentRows() {
    system_.json("PUT", "/v1/kbs/shop");
    import(
        "question,answer,similar,category,id\n"
        "退货的运费谁出?,买家承担,运费谁出?,退换货,shipping-fee\n"
        "可以开发票吗?,可以,,,\n");
  }
  void import(const std::string& csv) {
    EXPECT_EQ(system_.wait_for_job(system_.upload("shop", "faq.csv", "text/csv", csv))["state"], "done");
  }
  /// The job of a change, once it has ended.
  json change(const std::string& method, const std::string& path, const json& body = {}) {
    return system_.wait_for_job(system_.json(method, kFaq + path, body).at("job"));
  }
  json rows() { return system_.json("GET", kFaq).at("rows"); }
  std::string answer(const std::string& question) {
    return json::parse(system_.ask("shop", question).body)["answer"];
  }

  System system_;
};

TEST_F(DocumentRows, AreShownAsTheyWereImported) {
  const json listed = system_.json("GET", "/v1/kbs/shop/documents").at("documents");
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["filename"], "faq.csv");
  EXPECT_EQ(listed[0]["rows"], 2);
  EXPECT_EQ(listed[0]["passages"], 3);
  EXPECT_EQ(listed[0]["content_type"], "text/csv");
  EXPECT_EQ(rows()[0], (json{{"row", 1},
                             {"id", "shipping-fee"},
                             {"question", "退货的运费谁出?"},
                             {"similar", {"运费谁出?"}},
                             {"answer", "买家承担"},
                             {"category", "退换货"}}));
  EXPECT_EQ(system_.request("GET", "/v1/kbs/shop/documents/other.csv").status, 404);
}

TEST_F(DocumentRows, AreChangedWithoutEmbeddingTheOthersAgain) {
  const json version = system_.json("GET", kFaq).at("version");
  const json changed = change("PATCH", "/rows/1", {{"answer", "我们承担"}, {"version", version}});
  EXPECT_EQ(changed["state"], "done") << changed;
  EXPECT_EQ(changed["action"], "edit");
  EXPECT_EQ(changed["usage"]["embedding_tokens"], 0);  // the questions are the same
  EXPECT_EQ(rows()[0]["answer"], "我们承担");
  EXPECT_EQ(rows()[0]["similar"], (json{"运费谁出?"}));
  EXPECT_EQ(rows()[1]["answer"], "可以");
  EXPECT_EQ(answer("退货的运费谁出?"), "我们承担");

  const json late = change("PATCH", "/rows/1", {{"answer", "没人承担"}, {"version", version}});
  EXPECT_EQ(late["state"], "failed") << late;
  EXPECT_FALSE(late["error"].get<std::string>().empty());
  EXPECT_EQ(rows()[0]["answer"], "我们承担");
}

TEST_F(DocumentRows, AreAppendedAndRemoved) {
  const json appended = change("POST", "/rows", {{"question", "几天发货?"}, {"answer", "两天"}});
  EXPECT_EQ(appended["state"], "done") << appended;
  ASSERT_EQ(rows().size(), 3U);
  EXPECT_EQ(rows()[2]["question"], "几天发货?");
  EXPECT_EQ(answer("几天发货?"), "两天");
  EXPECT_EQ(change("DELETE", "/rows/1")["state"], "done");
  const json left = rows();
  ASSERT_EQ(left.size(), 2U) << left;
  EXPECT_EQ(left[0]["question"], "可以开发票吗?");
  EXPECT_EQ(change("PATCH", "/rows/9", {{"answer", "x"}})["state"], "failed");
}

TEST_F(DocumentRows, AreGoneWithTheirDocument) {
  EXPECT_EQ(system_.wait_for_job(system_.remove("shop", "faq.csv"))["state"], "done");
  EXPECT_EQ(system_.request("GET", kFaq).status, 404);
  EXPECT_EQ(system_.request("DELETE", kFaq).status, 404);
  EXPECT_EQ(system_.request("PATCH", std::string(kFaq) + "/rows/1", R"({"answer":"x"})").status, 404);
  EXPECT_TRUE(system_.json("GET", "/v1/kbs/shop/documents").at("documents").empty());
  EXPECT_TRUE(system_.json("GET", "/v1/jobs").at("jobs").empty());
}

}  // namespace
}  // namespace kefu::testing
