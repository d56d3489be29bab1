#include "gateway_harness.hpp"
#include "kefu/v1/knowledge_base.pb.h"

#include <kefu/proto/subjects.hpp>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Audit : public ::testing::Test {
 protected:
  Audit() {
    gateway_.serve(proto::kDeleteKnowledgeBase,
                   [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                     co_return kefu::v1::DeleteKnowledgeBaseResponse{}.SerializeAsString();
                   });
    gateway_.serve(proto::kPutKnowledgeBase,
                   [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                     co_return kefu::v1::PutKnowledgeBaseResponse{}.SerializeAsString();
                   });
  }
  http::Response send(const std::string& method, const std::string& path, const std::string& secret = {}) {
    http::Fields fields{{"X-Request-Id", "test-1"}};
    if (!secret.empty()) fields.set("Authorization", "Bearer " + secret);
    return gateway_.send({.method = method, .url = gateway_.url(path), .fields = std::move(fields)});
  }
  std::vector<json> entries(const std::string& query = {}, const std::string& secret = {}) {
    std::istringstream lines(send("GET", "/v1/audit" + query, secret).body);
    std::vector<json> all;
    for (std::string line; std::getline(lines, line);) all.push_back(json::parse(line));
    return all;
  }
  std::string key(kefu::v1::ApiKey::Role role, const std::string& kb = {}) {
    kefu::v1::ApiKey record;
    record.set_id("id-1");
    record.set_name("网站");
    record.set_role(role);
    if (!kb.empty()) record.add_kbs(kb);
    return gateway_.add_key(record);
  }
  GatewayHarness gateway_;
};

TEST_F(Audit, IsEmptyAtFirstAndReadingLeavesNoTrace) {
  EXPECT_THAT(entries(), IsEmpty());
  EXPECT_EQ(send("GET", "/v1/keys").status, 200);
  const auto response = send("GET", "/v1/audit");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.fields.get("Content-Type"), "application/x-ndjson");
  EXPECT_EQ(response.fields.get("Link"), "");
  EXPECT_EQ(response.body, "");
}

TEST_F(Audit, TellsWhoDidWhatToWhatAndHowItEnded) {
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop").status, 204);
  const auto created = json_of(gateway_.post_json("/v1/keys", R"({"name":"chief","role":"manage"})"));
  const std::string chief = created["secret"];
  EXPECT_EQ(send("DELETE", "/v1/kbs/none/documents/%E8%BF%90%E8%B4%B9.md", chief).status, 404);
  const auto all = entries({}, chief);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0]["sequence"], 1);
  EXPECT_EQ(all[0]["key_id"], "local");
  EXPECT_EQ(all[0]["client"], "127.0.0.1");
  EXPECT_EQ(all[0]["action"], "kb.delete");
  EXPECT_EQ(all[0]["kb"], "shop");
  EXPECT_EQ(all[0]["status"], 204);
  EXPECT_FALSE(all[0].contains("code"));
  EXPECT_EQ(all[0]["request_id"], "test-1");
  EXPECT_THAT(all[0]["time"].get<std::string>(), HasSubstr("T"));
  EXPECT_EQ(all[1]["action"], "key.create");
  EXPECT_EQ(all[1]["object"], created["id"]);
  EXPECT_EQ(all[1]["status"], 201);
  EXPECT_EQ(all[2]["action"], "document.delete");
  EXPECT_EQ(all[2]["object"], "运费.md");
  EXPECT_EQ(all[2]["key_id"], created["id"]);
  EXPECT_EQ(all[2]["key_name"], "chief");
  EXPECT_EQ(all[2]["status"], 404);
  EXPECT_EQ(all[2]["code"], "not_found");
}

TEST_F(Audit, HoldsWhatWasRefusedToAKnownKeyAndNothingOfStrangers) {
  const std::string asks = key(kefu::v1::ApiKey::ROLE_ASK);
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop", asks).status, 403);
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop").status, 401);
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop", "kefu_guess").status, 401);
  kefu::v1::ApiKey manager;
  manager.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
  const auto all = entries({}, gateway_.add_key(manager));
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]["key_name"], "网站");
  EXPECT_EQ(all[0]["status"], 403);
  EXPECT_EQ(all[0]["code"], "permission_denied");
}

/// They change nothing, and a client that does not slow down would fill the stream with them.
TEST_F(Audit, HoldsNothingOfWhatIsOverTheLimitOfAKey) {
  kefu::v1::ApiKey record;
  record.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
  record.set_requests_per_minute(1);
  const std::string slow = gateway_.add_key(record);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(send("DELETE", "/v1/kbs/shop", slow).status, 204);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(send("DELETE", "/v1/kbs/shop", slow).status, 429);
  EXPECT_EQ(gateway_.metric("kefu_gateway_denied_total{reason=\"rate_limit\"}"), 5);
  EXPECT_EQ(gateway_.stored_messages("KEFU_AUDIT"), 10U);
}

TEST_F(Audit, IsReadAPageAtATime) {
  for (int i = 0; i < 5; ++i) send("DELETE", fmt::format("/v1/kbs/kb{}", i));
  auto page = send("GET", "/v1/audit?limit=2");
  EXPECT_EQ(page.fields.get("Link"), "</v1/audit?after=2&limit=2>; rel=\"next\"");
  auto rest = entries("?after=2&limit=10");
  ASSERT_EQ(rest.size(), 3U);
  EXPECT_EQ(rest[0]["kb"], "kb2");
  EXPECT_EQ(send("GET", "/v1/audit?after=3&limit=2").fields.get("Link"), "");
  EXPECT_THAT(entries("?after=5"), IsEmpty());
  EXPECT_THAT(entries("?after=9000"), IsEmpty());
  for (const char* bad : {"?after=-1", "?after=x", "?limit=0", "?limit=1001", "?kb=a%2Fb", "?kb="})
    EXPECT_EQ(send("GET", std::string("/v1/audit") + bad).status, 400) << bad;
}

TEST_F(Audit, IsFilteredByKnowledgeBaseAndAKeyOfOneSeesThatOneOnly) {
  for (const char* kb : {"shop", "other", "shop"}) send("DELETE", std::string("/v1/kbs/") + kb);
  EXPECT_EQ(entries("?kb=shop").size(), 2U);
  EXPECT_EQ(send("GET", "/v1/audit?kb=shop&limit=1").fields.get("Link"),
            "</v1/audit?after=1&limit=1&kb=shop>; rel=\"next\"");
  const std::string limited = key(kefu::v1::ApiKey::ROLE_MANAGE, "shop");
  EXPECT_EQ(entries("?kb=shop", limited).size(), 2U);
  EXPECT_EQ(send("GET", "/v1/audit?kb=other", limited).status, 403);
  EXPECT_EQ(send("GET", "/v1/audit", limited).status, 403);
}

TEST_F(Audit, AnEntryThatCannotBeStoredIsInTheLogAndTheReplyGoesOut) {
  gateway_.run([&] {
    gateway_.store().refusal = Error{Errc::insufficient_storage, "full"};
    gateway_.store().refused_subjects = proto::kAuditSubject;
  });
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop").status, 204);
  EXPECT_THAT(gateway_.log(), HasSubstr("could not be stored"));
  EXPECT_THAT(gateway_.log(), HasSubstr("kb.delete"));
  EXPECT_EQ(gateway_.metric("kefu_gateway_audit_failures_total"), 1);
}

TEST_F(Audit, KeepsAReplyBackForAMomentOnly) {
  gateway_.run([&] { gateway_.store().hold(); });
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop").status, 204);
  EXPECT_EQ(gateway_.metric("kefu_gateway_audit_failures_total"), 1);
  gateway_.run([&] { gateway_.store().release(); });
}

TEST_F(Audit, TakesNamesThatAreNoNames) {
  const std::string asks = key(kefu::v1::ApiKey::ROLE_ASK);
  EXPECT_EQ(send("DELETE", "/v1/kbs/a%FFb/documents/x%C3", asks).status, 403);
  EXPECT_EQ(send("DELETE", "/v1/kbs/shop/documents/" + std::string(3000, 'x'), asks).status, 403);
  kefu::v1::ApiKey manager;
  manager.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
  const auto all = entries({}, gateway_.add_key(manager));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]["kb"], "a");
  EXPECT_EQ(all[0]["object"], "x");
  EXPECT_EQ(all[1]["object"].get<std::string>().size(), 512U);
}

TEST_F(Audit, CannotBeErased) {
  EXPECT_EQ(send("DELETE", "/v1/audit").status, 405);
  EXPECT_EQ(send("DELETE", "/v1/audit/1").status, 404);
}

}  // namespace
}  // namespace kefu::gateway
