#include <kefu/telemetry/log.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <string>

namespace kefu::telemetry {
namespace {

class LoggerTest : public ::testing::Test {
 protected:
  std::string lines_;
  Logger logger_{"kefu-test", Level::info, [this](std::string_view line) { lines_ += line; }};
};

TEST_F(LoggerTest, WritesOneJsonObjectALine) {
  logger_.info(
      "问题\n来了",
      {{"count", std::int64_t{3}}, {"ok", true}, {"seconds", 0.5}, {"name", std::string_view("x\"y")}});
  ASSERT_EQ(lines_.find('\n'), lines_.size() - 1);
  const auto json = nlohmann::json::parse(lines_);
  EXPECT_EQ(json["level"], "info");
  EXPECT_EQ(json["service"], "kefu-test");
  EXPECT_EQ(json["message"], "问题\n来了");
  EXPECT_EQ(json["count"], 3);
  EXPECT_EQ(json["ok"], true);
  EXPECT_EQ(json["name"], "x\"y");
  EXPECT_EQ(json["time"].get<std::string>().size(), std::string("2026-01-01T00:00:00.000Z").size());
}

TEST_F(LoggerTest, LeavesOutWhatIsBelowItsLevel) {
  logger_.debug("quiet");
  EXPECT_TRUE(lines_.empty());
}

TEST_F(LoggerTest, KeepsALineWhoseTextIsNotUtf8) {
  logger_.error("bad", {{"text", std::string_view("a\xFFz")}});
  EXPECT_TRUE(nlohmann::json::accept(lines_));
}

TEST_F(LoggerTest, AFailureNamesItsRequest) {
  logger_.failure(Level::warning, "search failed",
                  RequestContext{.request_id = "r7", .deadline = Deadline::in(std::chrono::seconds(1))},
                  Error{Errc::unavailable, "index is away", "10.0.0.1"});
  const auto json = nlohmann::json::parse(lines_);
  EXPECT_EQ(json["request_id"], "r7");
  EXPECT_EQ(json["code"], "unavailable");
  EXPECT_EQ(json["detail"], "10.0.0.1");
}

TEST(LogLevel, AnUnknownNameIsRefused) {
  EXPECT_EQ(parse_level("warning"), Level::warning);
  EXPECT_FALSE(parse_level("verbose"));
}

}  // namespace
}  // namespace kefu::telemetry
