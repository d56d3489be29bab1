#include "api_client.hpp"
#include "api_key.hpp"
#include "commands/audit.hpp"
#include "duration.hpp"
#include "secret_file.hpp"

#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(Duration, HasANumberAndAUnit) {
  EXPECT_EQ(*parse_duration("500ms"), 500ms);
  EXPECT_EQ(*parse_duration("30s"), 30s);
  EXPECT_EQ(*parse_duration("10m"), 10min);
  EXPECT_EQ(*parse_duration("90d"), 90 * 24h);
  for (const char* bad : {"", "s", "5", "0s", "-1s", "1.5s", "5 s", "1w", "99999999999d"})
    EXPECT_FALSE(parse_duration(bad)) << bad;
}

class ApiKeyFile : public ::testing::Test {
 protected:
  std::string file(const std::string& content) {
    const auto path = folder_.path() / "key";
    std::ofstream(path) << content;
    return path.string();
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(ApiKeyFile, HoldsTheKeyInItsFirstLine) {
  EXPECT_EQ(*read_api_key(file("kefu_abc\n")), "kefu_abc");
  EXPECT_EQ(*read_api_key(file("kefu_abc")), "kefu_abc");
  EXPECT_EQ(read_api_key(file(" \n")).error().code, Errc::invalid_argument);
  EXPECT_EQ(read_api_key("/nowhere/key").error().code, Errc::not_found);
}

TEST_F(ApiKeyFile, ThatCannotBeAKeyIsRefusedWithoutBeingShown) {
  const auto key = read_api_key(file("kefu_abc\tsecret"));
  ASSERT_FALSE(key);
  EXPECT_THAT(key.error().message, Not(HasSubstr("secret")));
}

TEST_F(ApiKeyFile, StandsBeforeTheEnvironment) {
  ::setenv("KEFU_API_KEY", "from-environment", 1);
  EXPECT_EQ(*read_api_key(""), "from-environment");
  EXPECT_EQ(*read_api_key(file("from-file")), "from-file");
  ::unsetenv("KEFU_API_KEY");
  EXPECT_EQ(*read_api_key(""), "");
}

TEST(SecretFile, IsNewAndForItsOwnerAlone) {
  testing::TemporaryDirectory folder;
  const auto path = folder.path() / "secret";
  {
    auto file = SecretFile::create(path.string());
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->write("kefu_abc"));
  }
  EXPECT_EQ(std::filesystem::status(path).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(*read_api_key(path.string()), "kefu_abc");
  EXPECT_EQ(SecretFile::create(path.string()).error().code, Errc::conflict);
}

TEST(SecretFile, IsRemovedWhenNothingWasWritten) {
  testing::TemporaryDirectory folder;
  const auto path = folder.path() / "secret";
  ASSERT_TRUE(SecretFile::create(path.string()));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(Paths, AreEncoded) {
  EXPECT_EQ(path_of({"v1", "kbs", "a/b", "documents"}), "/v1/kbs/a%2Fb/documents");
  EXPECT_EQ(query_of({{"kb", "a&b"}, {"after", ""}, {"limit", "5"}}), "?kb=a%26b&limit=5");
  EXPECT_EQ(query_of({{"after", ""}}), "");
}

TEST(AuditPages, GoOnWhereTheLinkSays) {
  EXPECT_EQ(next_after("</v1/audit?after=120&limit=500>; rel=\"next\""), 120U);
  EXPECT_EQ(next_after(""), std::nullopt);
  EXPECT_EQ(next_after("</v1/audit?after=x>; rel=\"next\""), std::nullopt);
}

}  // namespace
}  // namespace kefu::cli
