#include "config.hpp"

#include <gtest/gtest.h>

namespace kefu::answer {
namespace {

Config read(std::initializer_list<const char*> arguments) {
  service::Settings settings("kefu-answer", "test");
  Config config;
  config.declare(settings);
  std::vector<const char*> argv{"kefu-answer"};
  argv.insert(argv.end(), arguments);
  EXPECT_EQ(settings.parse(static_cast<int>(argv.size()), argv.data()), service::Settings::Outcome::run);
  return config;
}

TEST(Config, WorksWithoutAnySetting) {
  Config config = read({});
  EXPECT_TRUE(config.complete());
  EXPECT_FALSE(config.has_llm());
}

TEST(Config, TakesWeightsAndRefusals) {
  Config config = read({"--decision-weights", "faq.gap=2.5", "--refusal-en", "No idea."});
  ASSERT_TRUE(config.complete());
  EXPECT_DOUBLE_EQ(config.flow.weights.faq.gap, 2.5);
  EXPECT_EQ(config.flow.refusals.english, "No idea.");
}

TEST(Config, TakesSeveralAddressesOfItsLanguageModel) {
  Config config = read({"--llm-url", "https://api.openai.com,http://127.0.0.1:8080/v1", "--llm-model", "m"});
  ASSERT_TRUE(config.complete());
  const provider::ClientOptions client = config.llm_client();
  EXPECT_EQ(client.endpoint.url("/chat/completions"), "https://api.openai.com/v1/chat/completions");
  ASSERT_EQ(client.fallbacks.size(), 1U);
  EXPECT_EQ(client.fallbacks[0].base_url, "http://127.0.0.1:8080/v1");
}

TEST(Config, NamesTheSettingThatIsWrong) {
  const auto error_of = [](std::initializer_list<const char*> arguments) {
    Config config = read(arguments);
    const auto result = config.complete();
    return result ? std::string() : result.error().message;
  };
  EXPECT_TRUE(error_of({"--decision-weights", "faq.speed=1"}).starts_with("decision-weights: "));
  EXPECT_TRUE(error_of({"--llm-url", "ftp://host", "--llm-model", "m"}).starts_with("llm-url: "));
  EXPECT_TRUE(error_of({"--llm-url", "http://host/v1"}).starts_with("llm-model"));
  EXPECT_TRUE(error_of({"--top-k", "0"}).starts_with("top-k"));
  EXPECT_TRUE(error_of({"--top-k", "60"}).starts_with("top-k"));
  EXPECT_TRUE(error_of({"--session-ttl", "0s"}).starts_with("session-ttl"));
  EXPECT_TRUE(error_of({"--max-in-flight", "0"}).starts_with("max-in-flight"));
}

}  // namespace
}  // namespace kefu::answer
