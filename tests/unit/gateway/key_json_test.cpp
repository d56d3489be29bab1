#include "key_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace kefu::gateway {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kNow = 1'800'000'000'000;

TEST(KeyJson, ReadsARequestWithAllItsFields) {
  const auto key = parse_key_request(
      R"({"name":"网站","role":"ask","kbs":["shop","b","shop"],"expires_in_seconds":60,"requests_per_minute":120})",
      kNow);
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_EQ(key->name(), "网站");
  EXPECT_EQ(key->role(), kefu::v1::ApiKey::ROLE_ASK);
  EXPECT_THAT(key->kbs(), ElementsAre("b", "shop"));
  EXPECT_EQ(key->created_unix_ms(), kNow);
  EXPECT_EQ(key->expires_unix_ms(), kNow + 60'000);
  EXPECT_EQ(key->requests_per_minute(), 120U);
}

TEST(KeyJson, LeavesOutWhatMayBeLeftOut) {
  const auto key = parse_key_request(R"({"name":"n","role":"manage"})", kNow);
  ASSERT_TRUE(key);
  EXPECT_TRUE(key->kbs().empty());
  EXPECT_EQ(key->expires_unix_ms(), 0);
  EXPECT_EQ(key->requests_per_minute(), 0U);
}

TEST(KeyJson, NamesTheFieldThatIsWrong) {
  const struct {
    const char* body;
    const char* message;
  } kCases[] = {
      {R"({"role":"ask"})", "\"name\""},
      {R"({"name":"","role":"ask"})", "\"name\""},
      {R"({"name":"n"})", "\"role\""},
      {R"({"name":"n","role":"admin"})", "\"role\""},
      {R"({"name":"n","role":"ask","kbs":[]})", "\"kbs\""},
      {R"({"name":"n","role":"ask","kbs":["a/b"]})",
       "a name in field \"kbs\" may have letters, digits, - and _ only"},
      {R"({"name":"n","role":"ask","kbs":[1]})", "kbs"},
      {R"({"name":"n","role":"ask","expires_at":"soon"})", "\"expires_at\""},
      {R"({"name":"n","role":"ask","expires_at":"2020-01-01T00:00:00Z"})", "past"},
      {R"({"name":"n","role":"ask","expires_at":"2099-01-01T00:00:00Z","expires_in_seconds":1})", "exclude"},
      {R"({"name":"n","role":"ask","expires_in_seconds":0})", "\"expires_in_seconds\""},
      {R"({"name":"n","role":"ask","requests_per_minute":-1})", "\"requests_per_minute\""},
      {R"({"name":"n","role":"ask","id":"x"})", "\"id\""},
  };
  for (const auto& bad : kCases) {
    const auto key = parse_key_request(bad.body, kNow);
    ASSERT_FALSE(key) << bad.body;
    EXPECT_EQ(key.error().code, Errc::invalid_argument);
    EXPECT_THAT(key.error().message, HasSubstr(bad.message));
  }
}

TEST(KeyJson, ShowsTheSecretOnceAndNeverInTheList) {
  kefu::v1::ApiKey key;
  key.set_id("0123");
  key.set_name("n");
  key.set_role(kefu::v1::ApiKey::ROLE_MANAGE);
  key.set_secret_sha256("hash");
  key.set_created_unix_ms(kNow);
  const json created = json::parse(created_key_json(key, "kefu_secret"));
  EXPECT_EQ(created["secret"], "kefu_secret");
  EXPECT_EQ(created["role"], "manage");
  EXPECT_TRUE(created["expires_at"].is_null());
  EXPECT_EQ(created["created_at"], "2027-01-15T08:00:00Z");
  key.set_revoked_unix_ms(kNow + 1000);
  const json listed = json::parse(keys_json({key}))["keys"][0];
  EXPECT_FALSE(listed.contains("secret"));
  EXPECT_EQ(listed["revoked_at"], "2027-01-15T08:00:01Z");
  EXPECT_THAT(listed.dump(), ::testing::Not(HasSubstr("hash")));
}

}  // namespace
}  // namespace kefu::gateway
