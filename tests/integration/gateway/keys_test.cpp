#include "api_key.hpp"
#include "fake_service.hpp"
#include "kefu/v1/ask.pb.h"
#include "kefu/v1/knowledge_base.pb.h"
#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>
#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr const char* kManager = R"({"name":"chief","role":"manage"})";

http::Fields with(const std::string& secret) {
  http::Fields fields;
  if (!secret.empty()) fields.set("Authorization", "Bearer " + secret);
  return fields;
}

kefu::v1::ApiKey record(kefu::v1::ApiKey::Role role, std::vector<std::string> kbs = {}) {
  kefu::v1::ApiKey key;
  key.set_role(role);
  for (std::string& kb : kbs) key.add_kbs(std::move(kb));
  return key;
}

class Keys : public ::testing::Test {
 protected:
  http::Response get(GatewayHarness& gateway, const std::string& path, const std::string& secret) {
    return gateway.send({.url = gateway.url(path), .fields = with(secret)});
  }
  http::Response get(const std::string& path, const std::string& secret = {}) {
    return get(gateway_, path, secret);
  }
  http::Response remove(const std::string& path, const std::string& secret) {
    return gateway_.send({.method = "DELETE", .url = gateway_.url(path), .fields = with(secret)});
  }
  http::Response create(const std::string& body, const std::string& secret = {}) {
    return gateway_.post_json("/v1/keys", body, with(secret));
  }
  /// The knowledge bases `shop` and `other`, and a question answered from either.
  void serve_services() {
    gateway_.serve(proto::kListKnowledgeBases,
                   [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                     kefu::v1::ListKnowledgeBasesResponse response;
                     response.add_knowledge_bases()->mutable_knowledge_base()->set_name("shop");
                     response.add_knowledge_bases()->mutable_knowledge_base()->set_name("other");
                     co_return response.SerializeAsString();
                   });
    gateway_.serve(proto::kGetKnowledgeBase,
                   [](RequestContext, bus::Message, bus::ReplySink&) -> Task<Result<std::string>> {
                     co_return fail(Errc::not_found, "there is none");
                   });
    FakeService<kefu::v1::GetJobRequest, kefu::v1::GetJobResponse>::serve(
        gateway_, proto::kGetJob, [](const kefu::v1::GetJobRequest& request) {
          kefu::v1::GetJobResponse response;
          if (request.job() == 1) response.mutable_state()->set_kb_name("other");
          if (request.job() == 2) response.mutable_state()->set_kb_name("shop");
          return response;
        });
  }
  GatewayHarness gateway_;
};

TEST_F(Keys, TheFirstKeyClosesTheDoorAndManagesEverything) {
  serve_services();
  EXPECT_EQ(get("/v1/kbs").status, 200);
  for (const char* body :
       {R"({"name":"n","role":"ask"})", R"({"name":"n","role":"manage","kbs":["shop"]})"}) {
    EXPECT_EQ(create(body).status, 409) << body;
  }
  EXPECT_EQ(get("/v1/kbs").status, 200);
  const auto created = create(kManager);
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string secret = json_of(created)["secret"];
  EXPECT_THAT(secret, MatchesRegex("kefu_[A-Za-z0-9_-]{43}"));
  const auto refused = get("/v1/kbs");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.fields.get("WWW-Authenticate"), "Bearer");
  EXPECT_EQ(json_of(refused)["error"]["code"], "unauthenticated");
  EXPECT_EQ(get("/v1/kbs", secret).status, 200);
  EXPECT_EQ(create(kManager).status, 401);
}

TEST_F(Keys, OnlyTheHashOfASecretIsStoredAndTheListShowsNone) {
  const auto created = json_of(create(kManager));
  const std::string secret = created["secret"];
  const std::string stored = gateway_.key_record(created["id"]);
  EXPECT_THAT(stored, AllOf(HasSubstr(secret_hash(secret)), Not(HasSubstr(secret.substr(5)))));
  const auto listed = get("/v1/keys", secret);
  ASSERT_EQ(listed.status, 200);
  EXPECT_THAT(listed.body, AllOf(HasSubstr(created["id"].get<std::string>()), Not(HasSubstr(secret))));
  EXPECT_THAT(gateway_.log(), Not(HasSubstr(secret)));
}

TEST_F(Keys, AnAskKeyAsksAndReadsButChangesNothing) {
  serve_services();
  const std::string asks = gateway_.add_key(record(kefu::v1::ApiKey::ROLE_ASK));
  EXPECT_EQ(get("/v1/kbs", asks).status, 200);
  EXPECT_EQ(get("/v1/kbs/shop", asks).status, 404);
  for (const char* path : {"/v1/kbs/shop", "/v1/kbs/shop/documents/faq.csv", "/v1/keys/0123"}) {
    const auto refused = remove(path, asks);
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_EQ(json_of(refused)["error"]["code"], "permission_denied");
  }
  EXPECT_EQ(create(kManager, asks).status, 403);
  EXPECT_EQ(get("/v1/keys", asks).status, 403);
  EXPECT_EQ(get("/v1/audit", asks).status, 403);
  EXPECT_TRUE(gateway_.metric_becomes("kefu_gateway_denied_total{reason=\"role\"}", 6));
}

TEST_F(Keys, AKeyOfSomeKnowledgeBasesSeesNoOther) {
  serve_services();
  const std::string limited = gateway_.add_key(record(kefu::v1::ApiKey::ROLE_MANAGE, {"shop"}));
  const json listed = json_of(get("/v1/kbs", limited))["knowledge_bases"];
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0]["name"], "shop");
  EXPECT_EQ(get("/v1/kbs/shop", limited).status, 404);
  // The same whether there is one of that name or not.
  EXPECT_EQ(get("/v1/kbs/other", limited).status, 403);
  EXPECT_EQ(get("/v1/kbs/none", limited).status, 403);
  EXPECT_EQ(get("/v1/jobs/1", limited).status, 403);
  EXPECT_EQ(get("/v1/jobs/2", limited).status, 200);
  EXPECT_EQ(get("/v1/jobs/3", limited).status, 403);  // nobody knows of which knowledge base
  EXPECT_EQ(remove("/v1/jobs/3", limited).status, 403);
  EXPECT_EQ(gateway_.post_json("/v1/ask", R"({"kb":"other","question":"?!a"})", with(limited)).status, 403);
  EXPECT_EQ(create(R"({"name":"n","role":"ask","kbs":["shop"]})", limited).status, 403);
}

TEST_F(Keys, SaysWhyAKeyIsNotTaken) {
  auto expired = record(kefu::v1::ApiKey::ROLE_ASK);
  expired.set_expires_unix_ms(1);
  EXPECT_THAT(get("/v1/kbs", gateway_.add_key(expired)).body, HasSubstr("expired"));
  auto revoked = record(kefu::v1::ApiKey::ROLE_ASK);
  revoked.set_revoked_unix_ms(1);
  EXPECT_THAT(get("/v1/kbs", gateway_.add_key(revoked)).body, HasSubstr("revoked"));
  EXPECT_THAT(get("/v1/kbs", "kefu_guess").body, HasSubstr("not known"));
  EXPECT_THAT(get("/v1/kbs").body, HasSubstr("Authorization"));
}

TEST_F(Keys, AKeyEndsAtItsTime) {
  serve_services();
  const std::string chief = json_of(create(kManager))["secret"];
  const auto make = [&](const std::string& expiry) {
    const auto created = create(R"({"name":"guest","role":"ask",)" + expiry + "}", chief);
    EXPECT_EQ(created.status, 201) << created.body;
    return json_of(created)["secret"].get<std::string>();
  };
  EXPECT_EQ(get("/v1/kbs", make(R"("expires_in_seconds":3600)")).status, 200);
  EXPECT_EQ(get("/v1/kbs", make(R"("expires_at":"2999-01-31T20:00:00+08:00")")).status, 200);
  const std::string brief = make(R"("expires_in_seconds":1)");
  EXPECT_TRUE(eventually([&] { return get("/v1/kbs", brief).status == 401; }));
  EXPECT_THAT(get("/v1/kbs", brief).body, HasSubstr("expired"));
  EXPECT_EQ(create(R"({"name":"n","role":"ask","expires_at":"2001-01-01T00:00:00Z"})", chief).status, 400);
}

TEST_F(Keys, ARevokedKeyIsOfNoUseAndTheLastOneStays) {
  const auto first = json_of(create(kManager));
  const std::string chief = first["secret"];
  const auto second = json_of(create(R"({"name":"web","role":"ask"})", chief));
  const std::string web = second["id"];
  EXPECT_EQ(remove("/v1/keys/" + web, chief).status, 204);
  EXPECT_EQ(remove("/v1/keys/" + web, chief).status, 204);
  EXPECT_EQ(get("/v1/kbs", second["secret"]).status, 401);
  EXPECT_EQ(remove("/v1/keys/unknown", chief).status, 404);
  const auto last = remove("/v1/keys/" + first["id"].get<std::string>(), chief);
  EXPECT_EQ(last.status, 409);
  EXPECT_THAT(last.body, HasSubstr("last usable key"));
  EXPECT_TRUE(json_of(get("/v1/keys", chief))["keys"][1].contains("revoked_at"));
}

TEST_F(Keys, TheAdminKeyNeedsNoRecordAndAllowsEveryRevocation) {
  testing::TemporaryDirectory folder;
  const std::string path = folder.path() / "key";
  std::ofstream(path) << "the-key-of-the-operator\n";
  GatewayHarness gateway({}, AdminKey::read(path).value());
  EXPECT_EQ(get(gateway, "/v1/keys", "").status, 401);
  EXPECT_EQ(get(gateway, "/v1/keys", "the-key-of-the-operator").status, 200);
  // Nobody can lock themselves out, so the first key may be of any kind.
  const auto created =
      gateway.post_json("/v1/keys", R"({"name":"n","role":"ask"})", with("the-key-of-the-operator"));
  EXPECT_EQ(created.status, 201);
  const std::string chief = gateway.add_key(record(kefu::v1::ApiKey::ROLE_MANAGE));
  for (const json& key : json_of(get(gateway, "/v1/keys", chief))["keys"]) {
    const auto revoked = gateway.send({.method = "DELETE",
                                       .url = gateway.url("/v1/keys/" + key["id"].get<std::string>()),
                                       .fields = with("the-key-of-the-operator")});
    EXPECT_EQ(revoked.status, 204);
  }
  EXPECT_EQ(get(gateway, "/v1/keys", chief).status, 401);
}

TEST_F(Keys, ASilentStoreOfKeysMakesNoKey) {
  gateway_.set_connected(false);
  EXPECT_EQ(create(kManager).status, 503);
  gateway_.set_connected(true);
  EXPECT_EQ(get("/v1/keys").status, 200);
  EXPECT_EQ(json_of(get("/v1/keys"))["keys"].size(), 0U);
}

TEST_F(Keys, ManyRequestsOfOneKeyGet429WithTheTimeToWait) {
  auto slow = record(kefu::v1::ApiKey::ROLE_ASK);
  slow.set_requests_per_minute(1);
  const std::string secret = gateway_.add_key(slow);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get("/v1/kbs/none", secret).status, 503);
  const auto refused = get("/v1/kbs/none", secret);
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(json_of(refused)["error"]["code"], "rate_limited");
  EXPECT_GT(std::stoi(std::string(refused.fields.get("Retry-After"))), 30);
  EXPECT_LE(std::stoi(std::string(refused.fields.get("Retry-After"))), 60);
  EXPECT_EQ(get("/v1/kbs/none", gateway_.add_key(record(kefu::v1::ApiKey::ROLE_ASK))).status, 503);
  EXPECT_TRUE(gateway_.metric_becomes("kefu_gateway_denied_total{reason=\"rate_limit\"}", 1));
}

TEST_F(Keys, AForeignPageIsRefusedEvenWithAKey) {
  http::Fields fields = with(gateway_.add_key(record(kefu::v1::ApiKey::ROLE_MANAGE)));
  fields.set("Origin", "https://evil.example");
  EXPECT_EQ(gateway_.send({.url = gateway_.url("/v1/keys"), .fields = fields}).status, 403);
  EXPECT_EQ(gateway_.send({.url = gateway_.url("/metrics"), .fields = fields}).status, 403);
}

TEST_F(Keys, ASessionBelongsToTheKeyThatNamesIt) {
  std::vector<std::string> sessions;
  FakeService<kefu::v1::AskRequest, kefu::v1::AskEvent>::serve(
      gateway_, proto::kAsk, [&sessions](const kefu::v1::AskRequest& request) {
        sessions.push_back(request.session());
        kefu::v1::AskEvent event;
        event.mutable_done()->set_decision(kefu::v1::DECISION_REFUSED);
        return event;
      });
  const std::string chief = json_of(create(kManager))["secret"];
  const std::string clerk = json_of(create(R"({"name":"clerk","role":"ask"})", chief))["secret"];
  for (const std::string& secret : {chief, clerk, chief}) {
    const auto answered =
        gateway_.post_json("/v1/ask", R"({"kb":"shop","question":"?","session":"s"})", with(secret));
    EXPECT_EQ(answered.status, 200) << answered.body;
  }
  ASSERT_EQ(sessions.size(), 3U);
  EXPECT_EQ(sessions[0], sessions[2]);
  EXPECT_NE(sessions[0], sessions[1]);
  EXPECT_THAT(sessions[1], ::testing::EndsWith("/s"));
}

}  // namespace
}  // namespace kefu::gateway
