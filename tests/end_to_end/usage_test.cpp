#include "system.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::testing {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using ::testing::HasSubstr;

/// Rows that no other test and no cache knows.
std::string rows(const std::string& about, int count) {
  std::string csv = "question,answer\n";
  for (int i = 0; i < count; ++i)
    csv += fmt::format("What about {} number {}?,The answer about {} {}.\n", about, i, about, i);
  return csv;
}

class UsageTest : public ::testing::Test {
 protected:
  UsageTest() { system.wait_ready(); }

  std::uint64_t count(const std::string& kb, const std::string& what) {
    const json report = system.json("GET", "/v1/usage?group_by=kb&kb=" + kb);
    return report["total"][what].get<std::uint64_t>();
  }
  bool becomes(const std::string& kb, const std::string& what, std::uint64_t value) {
    return eventually_blocking([&] { return count(kb, what) == value; });
  }
  json job(const std::string& id) { return system.json("GET", "/v1/jobs/" + id); }
  void limit(const std::string& kb, std::uint64_t tokens_per_day) {
    const auto put =
        system.request("PUT", "/v1/budgets/kb/" + kb, json{{"tokens_per_day", tokens_per_day}}.dump());
    ASSERT_EQ(put.status, 200) << put.body;
  }
  /// With all that the reply says.
  json search(const std::string& question) {
    return system.json("POST", "/v1/kbs/shop/search", {{"question", question}});
  }
  json import(const std::string& kb, const std::string& filename, const std::string& content) {
    return system.wait_for_job(system.upload(kb, filename, "text/csv", content));
  }

  System system{
      {.replicas = 2, .arguments = {{"embedding", {"--prices", "multilingual-e5-small-q4_0=0.5"}}}}};
};

TEST_F(UsageTest, TokensAreCountedAndBoundedFromTheImportToTheQuestion) {
  for (const char* kb : {"shop", "other"})
    ASSERT_EQ(system.request("PUT", std::string("/v1/kbs/") + kb, "{}").status, 201);

  // Whatever replica did it, the sum is that of the jobs and the answers.
  const json first = import("shop", "a.csv", rows("shoes", 40));
  std::uint64_t spent = first["usage"]["embedding_tokens"];
  EXPECT_GT(spent, 0U);
  EXPECT_TRUE(becomes("shop", "tokens_spent", spent)) << count("shop", "tokens_spent") << " " << spent;
  const json again = import("shop", "a.csv", rows("shoes", 40));
  EXPECT_EQ(again["usage"]["embedding_tokens"], 0);
  std::uint64_t saved = again["usage"]["saved_tokens"].get<std::uint64_t>() +
                        first["usage"]["saved_tokens"].get<std::uint64_t>();
  EXPECT_TRUE(becomes("shop", "tokens_saved", saved)) << count("shop", "tokens_saved") << " " << saved;
  const json asked = json::parse(system.ask("shop", "How do I return shoes?").body);
  spent += asked["usage"]["embedding_tokens"].get<std::uint64_t>();
  EXPECT_TRUE(becomes("shop", "tokens_spent", spent));

  // At the limit an import waits, and says why.
  limit("shop", spent);
  const std::string waiting = system.upload("shop", "b.csv", "text/csv", rows("hats", 40));
  EXPECT_TRUE(eventually_blocking([&] { return job(waiting).contains("waiting"); })) << job(waiting).dump(2);
  EXPECT_EQ(job(waiting)["state"], "running");
  EXPECT_THAT(job(waiting)["waiting"].get<std::string>(),
              HasSubstr("the budget of knowledge base \"shop\" for this day is used up"));
  EXPECT_TRUE(eventually_blocking(
      [&] { return system.metric("embedding", "kefu_usage_budgets", "state=\"used_up\"") > 0; }));

  // Questions that are known go on, new ones are searched by words and say so; others pay for themselves.
  EXPECT_FALSE(search("How do I return shoes?").contains("degraded"));
  const json by_words = search("A question about shoes that is new");
  EXPECT_THAT(by_words["degraded"].get<std::string>(), HasSubstr("searched by words alone: the budget of"));
  const json refused = json::parse(system.ask("shop", "Another new question about shoes").body);
  EXPECT_THAT(refused["degraded"].get<std::string>(), HasSubstr("searched by words alone: the budget of"));
  EXPECT_EQ(import("other", "c.csv", rows("coats", 40))["state"], "done");
  EXPECT_EQ(job(waiting)["state"], "running");
  EXPECT_EQ(count("shop", "tokens_spent"), spent);

  // A higher budget is all that it takes.
  limit("shop", 1'000'000);
  const json done = system.wait_for_job(waiting);
  EXPECT_EQ(done["state"], "done");
  EXPECT_FALSE(done.contains("waiting"));
  spent += done["usage"]["embedding_tokens"].get<std::uint64_t>();
  EXPECT_TRUE(becomes("shop", "tokens_spent", spent));
  EXPECT_FALSE(search("A question about shoes that is new").contains("degraded"));

  // It is written down: another process tells the same.
  for (const char* service : {"embedding", "gateway"}) {
    EXPECT_EQ(system.terminate(service), 0);
    system.start(service);
    system.wait_ready(service);
  }
  EXPECT_TRUE(eventually_blocking([&] { return count("shop", "tokens_spent") >= spent; }));
  const json report = system.json("GET", "/v1/usage?group_by=model&kb=shop");
  ASSERT_EQ(report["rows"].size(), 1U);
  EXPECT_NE(report["rows"][0]["money_spent"], "0.00") << report.dump(2);
}

}  // namespace
}  // namespace kefu::testing
