#include "api_key.hpp"

#include "admin_key.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

TEST(ApiKey, SecretsAreLongRandomAndFitAHeader) {
  const std::string secret = new_secret();
  EXPECT_THAT(secret, MatchesRegex("kefu_[A-Za-z0-9_-]{43}"));
  EXPECT_NE(secret, new_secret());
}

TEST(ApiKey, IsStoredAsSha256) {
  const std::string hash = secret_hash("abc");
  ASSERT_EQ(hash.size(), 32U);
  std::string hex;
  for (const char c : hash) {
    constexpr const char* kDigits = "0123456789abcdef";
    hex.push_back(kDigits[static_cast<unsigned char>(c) >> 4]);
    hex.push_back(kDigits[c & 15]);
  }
  EXPECT_EQ(hex, sha256_hex("abc"));
  EXPECT_TRUE(equal_hashes(hash, secret_hash("abc")));
  EXPECT_FALSE(equal_hashes(hash, secret_hash("abd")));
  EXPECT_FALSE(equal_hashes(hash, ""));
}

TEST(ApiKey, IsRevokedBeforeItIsExpired) {
  kefu::v1::ApiKey key;
  EXPECT_EQ(state_of(key, 100), KeyState::usable);
  key.set_expires_unix_ms(101);
  EXPECT_EQ(state_of(key, 100), KeyState::usable);
  EXPECT_EQ(state_of(key, 101), KeyState::expired);
  key.set_revoked_unix_ms(50);
  EXPECT_EQ(state_of(key, 101), KeyState::revoked);
}

class AdminKeyFile : public ::testing::Test {
 protected:
  void write(const std::string& content) const { std::ofstream(path()) << content; }
  std::string path() const { return folder_.path() / "admin-key"; }
  testing::TemporaryDirectory folder_;
};

TEST_F(AdminKeyFile, HoldsTheKeyAndPerhapsAnEndOfLine) {
  write("  a-key-of-some-length-1\r\n");
  auto key = AdminKey::read(path());
  ASSERT_TRUE(key) << key.error().message;
  EXPECT_TRUE(key->exists());
  EXPECT_TRUE(key->matches(secret_hash("a-key-of-some-length-1")));
  EXPECT_FALSE(key->matches(secret_hash("a-key-of-some-length-1\n")));
  EXPECT_FALSE(key->matches(secret_hash("")));
}

TEST_F(AdminKeyFile, IsRefusedWhenShortSpacedEmptyOrMissingWithoutShowingIt) {
  EXPECT_THAT(AdminKey::read(path()).error().message, HasSubstr("cannot be read"));
  EXPECT_FALSE(AdminKey::read(folder_.path()));
  for (const char* content :
       {"", "\n", "nineteen-characters", "two words are no key at all", "密钥密钥密钥密钥密钥"}) {
    write(content);
    const auto key = AdminKey::read(path());
    ASSERT_FALSE(key) << content;
    EXPECT_THAT(key.error().message, HasSubstr("at least 20"));
    EXPECT_THAT(key.error().message, Not(HasSubstr("nineteen-")));
  }
  write(std::string(5000, 'x'));
  EXPECT_FALSE(AdminKey::read(path()));
}

TEST_F(AdminKeyFile, CountsFromWhenItIsReplacedAndStaysInForceWhenItIsGone) {
  write("the-first-key-of-this-file");
  auto key = AdminKey::read(path());
  ASSERT_TRUE(key);
  write("the-second-key-of-this-file");
  EXPECT_TRUE(key->matches(secret_hash("the-second-key-of-this-file")));
  EXPECT_FALSE(key->matches(secret_hash("the-first-key-of-this-file")));
  std::filesystem::remove(path());
  EXPECT_TRUE(key->matches(secret_hash("the-second-key-of-this-file")));
}

TEST(AdminKey, MatchesNothingWhereThereIsNone) {
  AdminKey none;
  EXPECT_FALSE(none.exists());
  EXPECT_FALSE(none.matches(""));
  EXPECT_FALSE(none.matches(secret_hash("")));
}

}  // namespace
}  // namespace kefu::gateway
