#include "gateway_harness.hpp"

#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr usage::Price kPrice{500'000, 2'000'000};

class Usage : public ::testing::Test {
 protected:
  Usage() {
    gateway.add_knowledge_base("shop", "i1");
    usage::DayCounts first(today, "r1");
    first.add({"shop", "k1"}, "bge", kPrice, {.embedding = 1'000'000, .saved = 3'000'000});
    first.add({"hr", "k2"}, "bge", kPrice, {.embedding = 10});
    gateway.add_usage(first, "r1");
    usage::DayCounts second(today, "r2");
    second.add({"shop", "k1"}, "qwen", kPrice, {.prompt = 200'000, .completion = 100'000});
    second.add({"", "k2"}, "bge", kPrice, {.embedding = 5});
    gateway.add_usage(second, "r2");
    usage::DayCounts earlier(today - std::chrono::days(40), "r1");
    earlier.add({"shop", ""}, "bge", kPrice, {.embedding = 7});
    gateway.add_usage(earlier, "r1");
  }
  json get(const std::string& path, const std::string& secret = {}) {
    return json_of(send("GET", path, {}, secret));
  }
  http::Response send(const std::string& method, const std::string& path, const std::string& body = {},
                      const std::string& secret = {}) {
    http::ClientRequest request{.method = method, .url = gateway.url(path), .body = body};
    if (!body.empty()) request.fields.set("Content-Type", "application/json");
    if (!secret.empty()) request.fields.set("Authorization", "Bearer " + secret);
    return gateway.send(std::move(request));
  }
  std::string key_limited_to(const std::string& kb) {
    EXPECT_EQ(gateway.post_json("/v1/keys", R"({"name":"chief","role":"manage"})").status, 201);
    kefu::v1::ApiKey key;
    key.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
    key.add_kbs(kb);
    return gateway.add_key(key);
  }

  usage::Day today = usage::day_of(std::chrono::system_clock::now());
  GatewayHarness gateway;
};

TEST_F(Usage, SumsUpReplicasByKnowledgeBase) {
  const json usage = get("/v1/usage");
  EXPECT_EQ(usage["to"], usage::day_text(today));
  EXPECT_EQ(usage["from"], usage::day_text(usage::first_of_month(today)));
  EXPECT_EQ(usage["currency"], "CNY");
  ASSERT_EQ(usage["rows"].size(), 3U) << usage.dump(2);
  EXPECT_EQ(usage["rows"][0]["kb"], nullptr);
  const json& shop = usage["rows"][2];
  EXPECT_EQ(shop["kb"], "shop");
  EXPECT_EQ(shop["tokens_spent"], 1'300'000);
  EXPECT_EQ(shop["tokens_saved"], 3'000'000);
  EXPECT_EQ(shop["embedding_tokens"], 1'000'000);
  EXPECT_EQ(shop["money_spent"], "0.80");
  EXPECT_EQ(shop["money_saved"], "1.50");
  EXPECT_EQ(usage["total"]["tokens_spent"], 1'300'015);
}

TEST_F(Usage, GroupsAndFiltersAsAsked) {
  const json by_model = get("/v1/usage?group_by=day,model&kb=shop");
  ASSERT_EQ(by_model["rows"].size(), 2U) << by_model.dump(2);
  EXPECT_EQ(by_model["rows"][0]["day"], usage::day_text(today));
  EXPECT_EQ(by_model["rows"][1]["model"], "qwen");
  EXPECT_EQ(by_model["rows"][1]["money_spent"], "0.30");
  const json of_key = get("/v1/usage?group_by=key&key=k2");
  ASSERT_EQ(of_key["rows"].size(), 1U);
  EXPECT_EQ(of_key["rows"][0]["tokens_spent"], 15);
  const json longer = get("/v1/usage?group_by=month&from=" + usage::day_text(today - std::chrono::days(60)));
  EXPECT_EQ(longer["rows"].size(), 2U);
  EXPECT_EQ(longer["total"]["tokens_spent"], 1'300'022);
}

TEST_F(Usage, RefusesWhatMakesNoSense) {
  for (const char* query : {"from=yesterday", "to=2026-02-30", "from=2026-02-02&to=2026-02-01",
                            "group_by=", "group_by=kb,kb", "group_by=customer", "kb=", "key="}) {
    EXPECT_EQ(send("GET", std::string("/v1/usage?") + query).status, 400) << query;
  }
}

TEST_F(Usage, ALimitedKeySeesItsKnowledgeBasesAlone) {
  const std::string secret = key_limited_to("hr");
  const json usage = get("/v1/usage", secret);
  ASSERT_EQ(usage["rows"].size(), 1U) << usage.dump(2);
  EXPECT_EQ(usage["rows"][0]["kb"], "hr");
  EXPECT_EQ(usage["total"]["tokens_spent"], 10);
  EXPECT_EQ(send("GET", "/v1/usage?kb=shop", {}, secret).status, 403);
  EXPECT_EQ(send("PUT", "/v1/budgets/kb/hr", R"({"tokens_per_day":1})", secret).status, 403);
}

TEST_F(Usage, ABudgetIsSetShownWithWhatIsSpentOfItAndRemoved) {
  const auto put =
      send("PUT", "/v1/budgets/kb/shop", R"({"tokens_per_month":1300000,"money_per_day":"100.5"})");
  EXPECT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(json_of(put)["state"], "used_up");
  EXPECT_THAT(json_of(put)["reason"].get<std::string>(), HasSubstr("knowledge base \"shop\""));
  EXPECT_EQ(send("PUT", "/v1/budgets/key/*", R"({"money_per_month":"9","soft_percent":50})").status, 200);
  const json budgets = get("/v1/budgets");
  ASSERT_EQ(budgets["budgets"].size(), 2U) << budgets.dump(2);
  const json& shop = budgets["budgets"][0];
  EXPECT_EQ(shop["scope"], "kb");
  EXPECT_EQ(shop["money_per_day"], "100.50");
  EXPECT_EQ(shop["tokens_per_day"], nullptr);
  EXPECT_EQ(shop["soft_percent"], 80);
  EXPECT_EQ(shop["spent_this_month"]["tokens"], 1'300'000);
  EXPECT_EQ(shop["spent_today"]["money"], "0.80");
  EXPECT_EQ(budgets["budgets"][1]["name"], "*");
  EXPECT_EQ(send("DELETE", "/v1/budgets/kb/shop").status, 204);
  EXPECT_EQ(send("DELETE", "/v1/budgets/kb/shop").status, 404);
  EXPECT_EQ(get("/v1/budgets")["budgets"].size(), 1U);
}

TEST_F(Usage, ABudgetIsRefusedThatBoundsNothing) {
  EXPECT_EQ(send("PUT", "/v1/budgets/kb/shp", R"({"tokens_per_day":1})").status, 404);
  EXPECT_EQ(send("PUT", "/v1/budgets/key/unknown", R"({"tokens_per_day":1})").status, 404);
  EXPECT_EQ(send("PUT", "/v1/budgets/team/shop", R"({"tokens_per_day":1})").status, 404);
  for (const char* body : {"{}", R"({"soft_percent":80})", R"({"tokens_per_day":-1})",
                           R"({"money_per_day":5})", R"({"money_per_day":"five"})",
                           R"({"tokens_per_day":1,"soft_percent":0})", R"({"tokens_per_week":1})", "5"}) {
    EXPECT_EQ(send("PUT", "/v1/budgets/kb/shop", body).status, 400) << body;
  }
}

}  // namespace
}  // namespace kefu::gateway
