#include <kefu/provider/endpoint.hpp>
#include <kefu/provider/profile.hpp>

#include <gtest/gtest.h>

#include <set>

namespace kefu::provider {
namespace {

TEST(Profiles, HaveNamesOfTheirOwnAndEndWithTheOneThatKnowsNothing) {
  std::set<std::string_view> names;
  for (const Profile& profile : profiles()) {
    EXPECT_TRUE(names.insert(profile.name).second) << profile.name;
    EXPECT_EQ(profile_named(profile.name), &profile);
    EXPECT_TRUE(profile.base64 == Takes::no || profile.encoding_format != Takes::no) << profile.name;
  }
  EXPECT_EQ(profiles().back().name, "generic");
  EXPECT_EQ(&generic_profile(), &profiles().back());
  EXPECT_EQ(profile_named("copilot"), nullptr);
  for (const auto* const name : {"openai", "azure", "dashscope", "zhipu", "siliconflow", "volcengine", "vllm",
                                 "tei", "ollama", "llama-server", "generic"})
    EXPECT_TRUE(names.contains(name)) << name;
}

TEST(Profiles, AreGuessedFromTheHost) {
  const auto guess = [](const std::string& url) { return profile_of(url).name; };
  EXPECT_EQ(guess("https://api.openai.com/v1"), "openai");
  EXPECT_EQ(guess("https://API.OpenAI.com/v1"), "openai");
  EXPECT_EQ(guess("https://mine.openai.azure.com/openai/v1"), "azure");
  EXPECT_EQ(guess("https://mine.services.ai.azure.com/openai/v1"), "azure");
  EXPECT_EQ(guess("https://dashscope-intl.aliyuncs.com/compatible-mode/v1"), "dashscope");
  EXPECT_EQ(guess("https://open.bigmodel.cn/api/paas/v4"), "zhipu");
  EXPECT_EQ(guess("https://api.siliconflow.cn/v1"), "siliconflow");
  EXPECT_EQ(guess("https://ark.cn-beijing.volces.com/api/v3"), "volcengine");
  EXPECT_EQ(guess("http://127.0.0.1:11434/v1"), "ollama");
  for (const auto* const other :
       {"https://api.openai.com.evil.example/v1", "https://openai.azure.com.example",
        "http://127.0.0.1:8080/v1", "no url", ""})
    EXPECT_EQ(guess(other), "generic") << other;
}

TEST(Profiles, KnowTheLimitsOfSomeModels) {
  const auto limits = [](std::string_view profile, std::string_view model) {
    return limits_of(*profile_named(profile), model);
  };
  EXPECT_EQ(limits("openai", "text-embedding-3-small").inputs_a_call, 2048U);
  EXPECT_EQ(limits("openai", "text-embedding-3-small").tokens_a_call, 300'000U);
  EXPECT_EQ(limits("dashscope", "text-embedding-v4").inputs_a_call, 10U);
  EXPECT_EQ(limits("dashscope", "text-embedding-v2").inputs_a_call, 25U);
  EXPECT_EQ(limits("dashscope", "text-embedding-v2").tokens_an_input, 2048U);
  EXPECT_EQ(limits("zhipu", "embedding-3").tokens_an_input, 3072U);
  EXPECT_EQ(limits("zhipu", "embedding-2").tokens_an_input, 512U);
  EXPECT_EQ(limits("zhipu", "embedding-2").inputs_a_call, 64U);
  EXPECT_EQ(limits("siliconflow", "BAAI/bge-m3").tokens_an_input, 8192U);
  EXPECT_EQ(limits("siliconflow", "Qwen/Qwen3-Embedding-8B").tokens_an_input, 32768U);
  EXPECT_FALSE(limits("generic", "m").inputs_a_call);
}

TEST(Profiles, TogetherAllowWhatEachOfThemAllows) {
  const Limits both =
      strictest({.inputs_a_call = 10, .tokens_an_input = 8192}, {.inputs_a_call = 64, .tokens_a_call = 8192});
  EXPECT_EQ(both.inputs_a_call, 10U);
  EXPECT_EQ(both.tokens_a_call, 8192U);
  EXPECT_EQ(both.tokens_an_input, 8192U);
}

Result<std::vector<Endpoint>> read(EndpointSettings settings) {
  if (settings.model.empty()) settings.model = "m";
  return endpoints_of(settings, "embedding");
}

TEST(EndpointsOf, AreInTheOrderOfTheUrlsEachWithItsKey) {
  const auto endpoints =
      read({.urls = "https://api.openai.com/v1, http://127.0.0.1:8080/v1", .api_keys = "sk-a,sk-b"});
  ASSERT_TRUE(endpoints);
  ASSERT_EQ(endpoints->size(), 2U);
  EXPECT_EQ((*endpoints)[0].profile->name, "openai");
  EXPECT_EQ((*endpoints)[0].api_key, "sk-a");
  EXPECT_EQ((*endpoints)[1].profile->name, "generic");
  EXPECT_EQ((*endpoints)[1].url("/embeddings"), "http://127.0.0.1:8080/v1/embeddings");
  EXPECT_EQ((*endpoints)[1].api_key, "sk-b");
  const auto one_key =
      read({.urls = "https://api.openai.com/v1,http://127.0.0.1:8080/v1", .api_keys = "sk-a,"});
  ASSERT_TRUE(one_key);
  EXPECT_EQ((*one_key)[0].api_key, "sk-a");
  EXPECT_EQ((*one_key)[1].api_key, "");
}

TEST(EndpointsOf, ShareOneKeyAndOneProfileWhereThereIsOne) {
  const auto endpoints =
      read({.urls = "http://a:1/v1,http://b:1/v1", .api_keys = "sk-a", .profiles = "vllm"});
  ASSERT_TRUE(endpoints);
  for (const Endpoint& endpoint : *endpoints) {
    EXPECT_EQ(endpoint.api_key, "sk-a");
    EXPECT_EQ(endpoint.profile->name, "vllm");
  }
}

TEST(EndpointsOf, HaveThePathThatTheirProviderDocumentsWhereTheUrlHasNone) {
  const auto url = [](const std::string& given) {
    const auto endpoints = read({.urls = given});
    return endpoints ? endpoints->front().url("/embeddings") : endpoints.error().message;
  };
  EXPECT_EQ(url("https://open.bigmodel.cn"), "https://open.bigmodel.cn/api/paas/v4/embeddings");
  EXPECT_EQ(url("https://dashscope.aliyuncs.com/"),
            "https://dashscope.aliyuncs.com/compatible-mode/v1/embeddings");
  EXPECT_EQ(url("https://my.azure.example/"), "https://my.azure.example/embeddings");
  EXPECT_EQ(url("https://mine.openai.azure.com"), "https://mine.openai.azure.com/openai/v1/embeddings");
}

TEST(EndpointsOf, SayTheVersionOfTheApiThatAzuresOlderPathWants) {
  const auto azure =
      read({.urls = "https://mine.openai.azure.com/openai/deployments/small", .api_keys = "k"});
  ASSERT_TRUE(azure);
  EXPECT_EQ(azure->front().url("/embeddings"),
            "https://mine.openai.azure.com/openai/deployments/small/embeddings?api-version=2024-02-01");
  EXPECT_EQ(azure->front().deployment(), "small");
  EXPECT_EQ(azure->front().key_field(), (std::pair<std::string, std::string>("api-key", "k")));
  const auto newer =
      read({.urls = "https://mine.openai.azure.com/openai/deployments/small?api-version=2024-10-21"});
  ASSERT_TRUE(newer);
  EXPECT_EQ(newer->front().url("/embeddings"),
            "https://mine.openai.azure.com/openai/deployments/small/embeddings?api-version=2024-10-21");
}

TEST(EndpointsOf, NameTheSettingThatIsWrongAndNoKey) {
  const auto wrong = [](EndpointSettings settings) {
    const auto endpoints = read(std::move(settings));
    return endpoints ? std::string() : endpoints.error().message;
  };
  EXPECT_TRUE(wrong({.urls = "http://a/v1,,http://b/v1"}).starts_with("embedding-url: "));
  EXPECT_TRUE(wrong({.urls = " "}).starts_with("embedding-url"));
  EXPECT_TRUE(wrong({.urls = "http://a/v1", .profiles = "copilot"}).starts_with("embedding-provider: "));
  const std::string keys = wrong({.urls = "http://a/v1,http://b/v1,http://c/v1", .api_keys = "sk-1,sk-2"});
  EXPECT_TRUE(keys.starts_with("embedding-api-key")) << keys;
  EXPECT_EQ(keys.find("sk-"), std::string::npos);
}

}  // namespace
}  // namespace kefu::provider
