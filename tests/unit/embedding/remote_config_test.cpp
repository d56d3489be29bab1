#include "remote_config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <vector>

namespace kefu::embedding {
namespace {

using provider::VectorEncoding;

struct Reading {
  RemoteConfig config;
  std::string complaint;
};

Reading read(std::initializer_list<const char*> arguments) {
  Reading reading;
  service::Settings settings("kefu-embedding", "test");
  add_remote_settings(settings, reading.config);
  std::vector<const char*> all{"kefu-embedding"};
  all.insert(all.end(), arguments);
  EXPECT_EQ(settings.parse(static_cast<int>(all.size()), all.data()), service::Settings::Outcome::run);
  if (reading.config.settings.model.empty()) reading.config.settings.model = "m";
  const auto valid = complete(reading.config);
  if (!valid) reading.complaint = valid.error().message;
  return reading;
}

RemoteOptions options(std::initializer_list<const char*> arguments) {
  const Reading reading = read(arguments);
  EXPECT_EQ(reading.complaint, "");
  return reading.config.embedder;
}

TEST(RemoteConfig, TakesTheLimitsThatTheProviderDocuments) {
  const RemoteOptions openai = options({"--embedding-url", "https://api.openai.com/v1"});
  EXPECT_EQ(openai.batch, 256U);  // 2048 would only be slow
  EXPECT_EQ(openai.call_tokens, 300'000U);
  EXPECT_EQ(openai.max_tokens, 8192U);
  EXPECT_EQ(openai.encoding, VectorEncoding::base64);
  EXPECT_TRUE(openai.sends_dimensions);
  const RemoteOptions zhipu =
      options({"--embedding-url", "https://open.bigmodel.cn", "--embedding-model", "embedding-3"});
  EXPECT_EQ(zhipu.batch, 64U);
  EXPECT_EQ(zhipu.max_tokens, 3072U);
  EXPECT_EQ(zhipu.encoding, VectorEncoding::unsaid);
  const RemoteOptions llama =
      options({"--embedding-url", "http://127.0.0.1:8080/v1", "--embedding-provider", "llama-server"});
  EXPECT_FALSE(llama.sends_dimensions);
  EXPECT_EQ(llama.max_tokens, 512U);
}

TEST(RemoteConfig, TakesWhatEveryServerCanWhereNothingIsDocumented) {
  const RemoteOptions generic = options({"--embedding-url", "http://host/v1"});
  EXPECT_EQ(generic.batch, 32U);
  EXPECT_EQ(generic.call_tokens, 65536U);
  EXPECT_EQ(generic.max_tokens, 512U);
  EXPECT_EQ(generic.encoding, VectorEncoding::numbers);
  EXPECT_EQ(generic.calls, 4U);
}

TEST(RemoteConfig, PrefersWhatIsSet) {
  const RemoteOptions set = options({"--embedding-url", "https://dashscope.aliyuncs.com", "--embedding-batch",
                                     "25", "--embedding-max-tokens", "2048", "--embedding-call-tokens",
                                     "9000", "--embedding-calls", "8", "--embedding-encoding", "base64"});
  EXPECT_EQ(set.batch, 25U);
  EXPECT_EQ(set.max_tokens, 2048U);
  EXPECT_EQ(set.call_tokens, 9000U);
  EXPECT_EQ(set.calls, 8U);
  EXPECT_EQ(set.encoding, VectorEncoding::base64);
}

TEST(RemoteConfig, KeepsWithinWhatAllItsEndpointsTake) {
  const Reading reading =
      read({"--embedding-url", "https://api.siliconflow.cn/v1,http://vllm:8000/v1,http://ollama:11434/v1",
            "--embedding-provider", "siliconflow,vllm,ollama", "--embedding-model", "BAAI/bge-m3"});
  ASSERT_EQ(reading.complaint, "");
  EXPECT_EQ(reading.config.embedder.batch, 32U);
  EXPECT_EQ(reading.config.embedder.max_tokens, 8192U);
  EXPECT_EQ(reading.config.embedder.encoding, VectorEncoding::base64);
  const provider::ClientOptions client = reading.config.client();
  EXPECT_EQ(client.endpoint.base_url, "https://api.siliconflow.cn/v1");
  ASSERT_EQ(client.fallbacks.size(), 2U);
  EXPECT_EQ(client.fallbacks[1].profile->name, "ollama");
  EXPECT_EQ(client.slots.in_flight, 4U);
}

TEST(RemoteConfig, SendsNoLargerCallsToAnUnknownServerBecauseAKnownOneTakesThem) {
  const RemoteOptions both = options({"--embedding-url", "https://api.openai.com/v1,http://host/v1"});
  EXPECT_EQ(both.batch, 32U);
  EXPECT_EQ(both.call_tokens, 65536U);
  EXPECT_EQ(both.max_tokens, 8192U);
}

TEST(RemoteConfig, KeepsVectorsUnderTheModelsNameWhereverItRuns) {
  const std::string there =
      options({"--embedding-url", "http://a:1/v1", "--embedding-model", "bge-m3"}).identity;
  EXPECT_EQ(
      options({"--embedding-url", "https://b/v2,http://a:1/v1", "--embedding-model", "bge-m3"}).identity,
      there);
  EXPECT_NE(options({"--embedding-url", "http://a:1/v1", "--embedding-model", "e5"}).identity, there);
  EXPECT_EQ(options({"--embedding-url", "http://a:1/v1", "--embedding-identity", "ours"}).identity, "ours");
}

TEST(RemoteConfig, TellsDeploymentsApartThatOnlyAzuresPathNames) {
  const auto identity = [](const char* url) { return options({"--embedding-url", url}).identity; };
  EXPECT_NE(identity("https://a.openai.azure.com/openai/deployments/small"),
            identity("https://a.openai.azure.com/openai/deployments/large"));
  EXPECT_EQ(identity("https://a.openai.azure.com/openai/deployments/small"),
            identity("https://b.openai.azure.com/openai/deployments/small"));
  constexpr auto kTwo =
      "https://a.openai.azure.com/openai/deployments/small,https://b.openai.azure.com/openai/deployments/"
      "small-eu";
  EXPECT_TRUE(read({"--embedding-url", kTwo}).complaint.contains("embedding-identity"));
  EXPECT_EQ(options({"--embedding-url", kTwo, "--embedding-identity", "small"}).identity, "small");
}

TEST(RemoteConfig, NamesTheSettingThatIsWrong) {
  const auto wrong = [](std::initializer_list<const char*> arguments) { return read(arguments).complaint; };
  constexpr auto kUrl = "http://host/v1";
  EXPECT_TRUE(
      wrong({"--embedding-url", kUrl, "--embedding-provider", "x"}).starts_with("embedding-provider"));
  EXPECT_TRUE(wrong({"--embedding-url", kUrl, "--embedding-batch", "2049"}).starts_with("embedding-batch"));
  EXPECT_TRUE(wrong({"--embedding-url", kUrl, "--embedding-calls", "0"}).starts_with("embedding-calls"));
  EXPECT_TRUE(
      wrong({"--embedding-url", kUrl, "--embedding-encoding", "hex"}).starts_with("embedding-encoding"));
  EXPECT_TRUE(
      wrong({"--embedding-url", kUrl, "--embedding-max-tokens", "9000", "--embedding-call-tokens", "8000"})
          .starts_with("embedding-call-tokens"));
}

TEST(RemoteConfig, RefusesAProxyThatIsNone) {
  ::setenv("https_proxy", "socks5://user:secret@proxy:1080", 1);
  const std::string complaint = read({"--embedding-url", "http://host/v1"}).complaint;
  ::unsetenv("https_proxy");
  EXPECT_TRUE(complaint.starts_with("HTTPS_PROXY: ")) << complaint;
  EXPECT_FALSE(complaint.contains("secret"));
}

}  // namespace
}  // namespace kefu::embedding
