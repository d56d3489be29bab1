#include <kefu/service/settings.hpp>
#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace kefu::service {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

class SettingsTest : public ::testing::Test {
 protected:
  SettingsTest() {
    settings_.add("redis-url", url_, "Where Redis is");
    settings_.add("slots", slots_, "How many at once");
    settings_.add("wait", wait_, "How long");
    settings_.add("memory", memory_, "How much");
    settings_.add("verbose", verbose_, "Say more");
    settings_.add_secret("api-key", key_, "the key of the provider");
  }
  ~SettingsTest() override {
    for (const char* name : {"KEFU_REDIS_URL", "KEFU_API_KEY", "KEFU_API_KEY_FILE"}) ::unsetenv(name);
  }
  Settings::Outcome parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "kefu-test");
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    const auto outcome = settings_.parse(static_cast<int>(arguments.size()), arguments.data());
    out_ = ::testing::internal::GetCapturedStdout();
    err_ = ::testing::internal::GetCapturedStderr();
    return outcome;
  }
  std::string write_file(const std::string& name, const std::string& content) const {
    const auto path = folder_.path() / name;
    std::ofstream(path) << content;
    return path;
  }

  kefu::testing::TemporaryDirectory folder_;
  Settings settings_{"kefu-test", "A service for tests"};
  std::string url_ = "redis://default";
  std::size_t slots_ = 4;
  std::chrono::milliseconds wait_ = 5s;
  ByteSize memory_{32UL << 20};
  bool verbose_ = false;
  std::string key_;
  std::string out_;
  std::string err_;
};

TEST_F(SettingsTest, AFlagBeatsTheEnvironmentWhichBeatsTheFileWhichBeatsTheDefault) {
  const std::string file = write_file("kefu.conf", "redis-url = \"redis://file\"\nslots = 7\n");
  ::setenv("KEFU_REDIS_URL", "redis://environment", 1);
  ASSERT_EQ(parse({"--config", file.c_str()}), Settings::Outcome::run);
  EXPECT_EQ(url_, "redis://environment");
  EXPECT_EQ(slots_, 7U);
  ASSERT_EQ(parse({"--config", file.c_str(), "--redis-url", "redis://flag"}), Settings::Outcome::run);
  EXPECT_EQ(url_, "redis://flag");
}

TEST_F(SettingsTest, DurationsHaveUnits) {
  ASSERT_EQ(parse({"--wait", "250ms"}), Settings::Outcome::run);
  EXPECT_EQ(wait_, 250ms);
  EXPECT_EQ(parse({"--wait", "250"}), Settings::Outcome::exit_failure);
  EXPECT_THAT(err_, HasSubstr("\"250\" is not a duration"));
  EXPECT_EQ(parse({"--wait", "-1s"}), Settings::Outcome::exit_failure);
  EXPECT_EQ(parse({"--wait", "99999999999h"}), Settings::Outcome::exit_failure);
}

TEST_F(SettingsTest, SizesHaveUnitsAndNothingIsZero) {
  EXPECT_EQ(parse({"--help"}), Settings::Outcome::exit_success);
  EXPECT_THAT(out_, HasSubstr("SIZE=32MiB"));
  ASSERT_EQ(parse({"--memory", "64KiB"}), Settings::Outcome::run);
  EXPECT_EQ(memory_.bytes, 64U * 1024);
  ASSERT_EQ(parse({"--memory", "0"}), Settings::Outcome::run);
  EXPECT_EQ(memory_.bytes, 0U);
  for (const char* wrong : {"64", "MiB", "-1MiB", "1.5GiB", "64MB", "99999999999999GiB", "0xMiB"}) {
    EXPECT_EQ(parse({"--memory", wrong}), Settings::Outcome::exit_failure) << wrong;
    EXPECT_THAT(err_, HasSubstr("is not a size"));
  }
}

TEST_F(SettingsTest, WhatIsNotASettingIsRefusedInOneSentence) {
  EXPECT_EQ(parse({"--redis-ulr", "x"}), Settings::Outcome::exit_failure);
  EXPECT_THAT(err_, HasSubstr("--redis-ulr"));
  const std::string file = write_file("kefu.conf", "redis-ulr = \"x\"\n");
  EXPECT_EQ(parse({"--config", file.c_str()}), Settings::Outcome::exit_failure);
  EXPECT_EQ(parse({"--slots", "many"}), Settings::Outcome::exit_failure);
}

TEST_F(SettingsTest, AChecksErrorIsOneSentenceAndSeesWhatWasRead) {
  settings_.check([this]() -> Result<> {
    if (slots_ == 0) return fail(Errc::invalid_argument, "slots must be at least 1");
    return {};
  });
  EXPECT_EQ(parse({"--slots", "2"}), Settings::Outcome::run);
  EXPECT_EQ(parse({"--slots", "0"}), Settings::Outcome::exit_failure);
  EXPECT_EQ(err_, "kefu-test: slots must be at least 1\n");
  EXPECT_EQ(parse({"--slots", "0", "--help"}), Settings::Outcome::exit_success);
}

TEST_F(SettingsTest, HelpNamesFlagVariableAndDefaultButNoSecret) {
  ::setenv("KEFU_API_KEY", "sk-very-secret", 1);
  EXPECT_EQ(parse({"--help"}), Settings::Outcome::exit_success);
  EXPECT_THAT(out_, HasSubstr("--redis-url"));
  EXPECT_THAT(out_, HasSubstr("KEFU_REDIS_URL"));
  EXPECT_THAT(out_, HasSubstr("redis://default"));
  EXPECT_THAT(out_, HasSubstr("5s"));
  EXPECT_THAT(out_, HasSubstr("--api-key-file"));
  EXPECT_THAT(out_, Not(HasSubstr("sk-very-secret")));
}

TEST_F(SettingsTest, ASecretComesFromTheEnvironmentOrAFile) {
  ::setenv("KEFU_API_KEY", "from-environment", 1);
  ASSERT_EQ(parse({}), Settings::Outcome::run);
  EXPECT_EQ(key_, "from-environment");
  const std::string file = write_file("key", "from-file\n");
  ASSERT_EQ(parse({"--api-key-file", file.c_str()}), Settings::Outcome::run);
  EXPECT_EQ(key_, "from-file");
  EXPECT_EQ(parse({"--api-key-file", "/nowhere/key"}), Settings::Outcome::exit_failure);
  EXPECT_THAT(err_, HasSubstr("/nowhere/key"));
}

TEST_F(SettingsTest, ASecretAsAFlagIsRefusedWithoutRepeatingIt) {
  EXPECT_EQ(parse({"--api-key", "sk-very-secret"}), Settings::Outcome::exit_failure);
  EXPECT_THAT(err_, HasSubstr("KEFU_API_KEY"));
  EXPECT_THAT(err_, Not(HasSubstr("sk-very-secret")));
  EXPECT_EQ(parse({"--api-key=sk-very-secret"}), Settings::Outcome::exit_failure);
}

}  // namespace
}  // namespace kefu::service
