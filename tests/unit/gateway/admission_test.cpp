#include "admission.hpp"

#include "api_key.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/memory_bus.hpp>
#include <kefu/testing/run_task.hpp>

#include <gmock/gmock.h>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using testing::run_task;

Deadline soon() { return Deadline::in(10s); }

http::RequestHead head_with(std::string authorization) {
  http::RequestHead head;
  head.method = "GET";
  head.path = "/";
  head.peer = "10.0.0.9";
  if (!authorization.empty()) head.fields.set("Authorization", std::move(authorization));
  return head;
}

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() { EXPECT_TRUE(run_task(io_, bucket_->ensure(0ms, soon()))); }
  ~AdmissionTest() override {
    keys_.stop();
    run_task(io_, tasks_.join());
  }
  void read_keys() {
    tasks_.spawn(keys_.run());
    EXPECT_TRUE(run_task(io_, keys_.wait_complete(soon())));
  }
  void add(const std::string& secret, kefu::v1::ApiKey key = {}) {
    key.set_id("id-" + std::to_string(++added_));
    key.set_secret_sha256(secret_hash(secret));
    if (key.role() == kefu::v1::ApiKey::ROLE_UNSPECIFIED) key.set_role(kefu::v1::ApiKey::ROLE_ASK);
    EXPECT_TRUE(run_task(io_, keys_.add(key, soon())));
  }
  Error error_of(const std::string& authorization) {
    auto caller = admission_.identify(head_with(authorization));
    return caller ? Error{Errc{-1}, "admitted"} : caller.error();
  }

  asio::io_context io_;
  bus::MemoryBroker broker_{io_.get_executor()};
  std::unique_ptr<bus::KeyValueBucket> bucket_ = broker_.bucket("KEFU_KEYS");
  TaskGroup tasks_{io_.get_executor(), {}};
  telemetry::Metrics metrics_;
  KeyStore keys_{io_.get_executor(), *bucket_};
  AdminKey no_admin_key_;
  SharedRateLimiter limiter_{io_.get_executor(), nullptr, metrics_};
  Admission admission_{{.requests_per_minute = 7}, keys_, no_admin_key_, limiter_, metrics_};
  int added_ = 0;
};

TEST_F(AdmissionTest, LetsNobodyInBeforeTheKeysAreKnown) {
  EXPECT_EQ(error_of("").code, Errc::not_ready);
  EXPECT_EQ(error_of("Bearer x").code, Errc::not_ready);
  read_keys();
  EXPECT_EQ(error_of("").message, "admitted");
}

TEST_F(AdmissionTest, AsksForNoKeyWhileThereIsNoneAndOnlyThisMachineReachesUs) {
  read_keys();
  const auto caller = admission_.identify(head_with("Bearer whatever"));
  ASSERT_TRUE(caller);
  EXPECT_EQ(caller->key_id, "");
  EXPECT_TRUE(caller->check(Needs::manage_all));
  EXPECT_EQ(caller->requests_per_minute, 0U);
  EXPECT_EQ(caller->client, "10.0.0.9");
  Admission exposed({.others_reach_us = true}, keys_, no_admin_key_, limiter_, metrics_);
  EXPECT_EQ(exposed.identify(head_with("")).error().code, Errc::unauthenticated);
}

TEST_F(AdmissionTest, SaysWhatIsWrongWithAKey) {
  read_keys();
  add("kefu_good");
  kefu::v1::ApiKey expired;
  expired.set_expires_unix_ms(1000);
  add("kefu_expired", expired);
  kefu::v1::ApiKey revoked;
  revoked.set_revoked_unix_ms(1000);
  add("kefu_revoked", revoked);
  EXPECT_THAT(error_of("").message, HasSubstr("is needed"));
  EXPECT_THAT(error_of("Basic a2VmdQ==").message, HasSubstr("is needed"));
  EXPECT_THAT(error_of("Bearer").message, HasSubstr("is needed"));
  EXPECT_THAT(error_of("Bearer   ").message, HasSubstr("is needed"));
  EXPECT_THAT(error_of("Bearer kefu_other").message, HasSubstr("not known"));
  EXPECT_THAT(error_of("Bearer kefu_good extra").message, HasSubstr("not known"));
  EXPECT_THAT(error_of("Bearer kefu_expired").message, HasSubstr("expired"));
  EXPECT_THAT(error_of("Bearer kefu_revoked").message, HasSubstr("revoked"));
  EXPECT_EQ(error_of("Bearer kefu_revoked").code, Errc::unauthenticated);
  EXPECT_EQ(error_of("Bearer kefu_good").message, "admitted");
  EXPECT_EQ(error_of("bearer  kefu_good ").message, "admitted");
  const std::string metrics = metrics_.expose();
  EXPECT_THAT(metrics, HasSubstr("kefu_gateway_denied_total{reason=\"no_key\"} 4"));
  EXPECT_THAT(metrics, HasSubstr("kefu_gateway_denied_total{reason=\"unknown_key\"} 2"));
  EXPECT_THAT(metrics, HasSubstr("kefu_gateway_denied_total{reason=\"expired_key\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("kefu_gateway_denied_total{reason=\"revoked_key\"} 2"));
  EXPECT_THAT(metrics, HasSubstr("kefu_gateway_denied_total{reason=\"role\"} 0"));
}

TEST_F(AdmissionTest, GivesAKeyItsOwnLimitOrThatOfTheGateway) {
  read_keys();
  add("kefu_default");
  kefu::v1::ApiKey own;
  own.set_requests_per_minute(3);
  add("kefu_own", own);
  EXPECT_EQ(admission_.identify(head_with("Bearer kefu_default"))->requests_per_minute, 7U);
  const auto caller = admission_.identify(head_with("Bearer kefu_own"));
  EXPECT_EQ(caller->requests_per_minute, 3U);
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(run_task(io_, admission_.over_limit(*caller)));
  const auto wait = run_task(io_, admission_.over_limit(*caller));
  ASSERT_TRUE(wait);
  EXPECT_GE(*wait, 1s);
  EXPECT_LE(*wait, 20s);
}

TEST_F(AdmissionTest, PermitsByRoleAndKnowledgeBase) {
  const Caller asks{.key_id = "a"};
  EXPECT_TRUE(admission_.permit(asks, Needs::ask, "shop"));
  EXPECT_EQ(admission_.permit(asks, Needs::manage, "shop").error().code, Errc::permission_denied);
  const Caller limited{.key_id = "b", .manages = true, .kbs = {"shop", "店"}};
  EXPECT_TRUE(admission_.permit(limited, Needs::manage, "店"));
  EXPECT_TRUE(admission_.permit(limited, Needs::ask, ""));
  EXPECT_FALSE(admission_.permit(limited, Needs::manage, "sho"));
  EXPECT_FALSE(admission_.permit(limited, Needs::manage_all, ""));
  EXPECT_TRUE(admission_.permit(Caller{.key_id = "c", .manages = true}, Needs::manage_all, ""));
}

}  // namespace
}  // namespace kefu::gateway
