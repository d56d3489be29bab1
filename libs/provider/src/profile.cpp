#include <kefu/base/ascii.hpp>
#include <kefu/http/client.hpp>
#include <kefu/provider/profile.hpp>

#include <algorithm>
#include <array>

namespace kefu::provider {
namespace {

using Hosts = std::array<std::string_view, 1>;

// Each number as documented at the address above it, read in November 2026. What is absent is not documented.

// https://developers.openai.com/api/reference/resources/embeddings.md: arrays of at most 2048, 8192 tokens an
// input, 300,000 tokens summed over a request; `dimensions` from text-embedding-3 on; float or base64.
constexpr Limits kOpenAi{.inputs_a_call = 2048, .tokens_a_call = 300'000, .tokens_an_input = 8192};
constexpr Hosts kOpenAiHosts{"api.openai.com"};

// https://learn.microsoft.com/en-us/azure/foundry/reference/rest/embeddings-create-embedding: the same
// numbers as OpenAI, at /openai/v1. https://learn.microsoft.com/azure/ai-services/openai/how-to/embeddings:
// the field `api-key`, and the older /openai/deployments/NAME/embeddings?api-version=2024-02-01
// (endpoint.cpp).
constexpr std::array<std::string_view, 3> kAzureHosts{".openai.azure.com", ".cognitiveservices.azure.com",
                                                      ".services.ai.azure.com"};

// https://help.aliyun.com/zh/model-studio/developer-reference/embedding-interfaces-compatible-with-openai:
// text-embedding-v3 and -v4 10 rows of 8192 tokens and a choice of dimensions, -v1 and -v2 25 rows of 2048
// and 1536 dimensions. Tokens of a call are not documented, nor is base64: float is sent.
constexpr Limits kDashScope{.inputs_a_call = 10, .tokens_an_input = 8192};
constexpr std::array kDashScopeModels{
    ModelLimits{"text-embedding-v1", {.inputs_a_call = 25, .tokens_an_input = 2048}},
    ModelLimits{"text-embedding-v2", {.inputs_a_call = 25, .tokens_an_input = 2048}}};
constexpr std::array<std::string_view, 3> kDashScopeHosts{
    "dashscope.aliyuncs.com", "dashscope-intl.aliyuncs.com", "dashscope-finance.aliyuncs.com"};

// https://docs.bigmodel.cn/api-reference/模型-api/文本嵌入: embedding-3 at most 64 inputs of 3072 tokens and
// dimensions 256 to 2048; embedding-2 inputs of 512 tokens, 8 Ki tokens in all. The field `encoding_format`
// is not documented and left out.
constexpr Limits kZhipu{.inputs_a_call = 64, .tokens_an_input = 3072};
constexpr std::array kZhipuModels{
    ModelLimits{"embedding-2", {.tokens_a_call = 8192, .tokens_an_input = 512}}};
constexpr Hosts kZhipuHosts{"open.bigmodel.cn"};

// https://api-docs.siliconflow.cn/docs/api/embeddings-post: tokens of an input by model, `dimensions` for
// Qwen3 only, float or base64. Inputs of a call are not documented; it answers "input batch size 136 >
// maximum allowed batch size 64", and 32 with some models (https://github.com/apecloud/ApeRAG/issues/716,
// https://github.com/infiniflow/ragflow/issues/2815).
constexpr Limits kSiliconFlow{.inputs_a_call = 32, .tokens_an_input = 512};
constexpr std::array kSiliconFlowModels{ModelLimits{"bge-m3", {.tokens_an_input = 8192}},
                                        ModelLimits{"qwen3-embedding", {.tokens_an_input = 32768}}};
constexpr std::array<std::string_view, 2> kSiliconFlowHosts{"api.siliconflow.cn", "api.siliconflow.com"};

// https://volcengine.com/docs/82379/1302003: 4096 tokens an input, float or base64; `dimensions` is not among
// the fields. 256 inputs: the same API at
// https://developer.open-douyin.com/docs/resource/zh-CN/ai-avatar/develop/openapi/embedding-model-call.
constexpr Limits kVolcengine{.inputs_a_call = 256, .tokens_an_input = 4096};
constexpr Hosts kVolcengineHosts{".volces.com"};

// https://docs.vllm.ai/en/latest/models/pooling_models/: `dimensions` only for Matryoshka models, else 400;
// https://docs.vllm.ai/en/latest/api/vllm/entrypoints/pooling/embed/serving/: float and base64. How many
// inputs is not limited, and their length is the model's.

// https://github.com/huggingface/text-embeddings-inference/blob/main/docs/source/en/cli_arguments.md:
// --max-client-batch-size 32, --max-batch-tokens 16384 (of a batch inside, which longer calls are spread
// over); `encoding_format` and `dimensions` are fields of OpenAICompatRequest (router/src/http/types.rs).
constexpr Limits kTei{.inputs_a_call = 32};

// https://github.com/ollama/ollama/blob/main/docs/api/openai-compatibility.mdx: `encoding_format` and
// `dimensions` are taken. No limits are documented. 11434 is its port unless told otherwise.
constexpr Hosts kOllamaHosts{":11434"};

// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md and server-context.cpp: float and
// base64; there is no `dimensions`. An input has to fit into --ubatch-size, 512 unless told otherwise.
constexpr Limits kLlamaServer{.tokens_an_input = 512};

constexpr std::array kProfiles{
    Profile{.name = "openai",
            .hosts = kOpenAiHosts,
            .path = "/v1",
            .limits = kOpenAi,
            .models = {},
            .dimensions = Takes::some_models,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "azure",
            .key = Profile::Key::api_key,
            .hosts = kAzureHosts,
            .path = "/openai/v1",
            .limits = kOpenAi,
            .models = {},
            .dimensions = Takes::some_models,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "dashscope",
            .hosts = kDashScopeHosts,
            .path = "/compatible-mode/v1",
            .limits = kDashScope,
            .models = kDashScopeModels,
            .dimensions = Takes::some_models,
            .encoding_format = Takes::yes,
            .base64 = Takes::no},
    Profile{.name = "zhipu",
            .hosts = kZhipuHosts,
            .path = "/api/paas/v4",
            .limits = kZhipu,
            .models = kZhipuModels,
            .dimensions = Takes::some_models,
            .encoding_format = Takes::no,
            .base64 = Takes::no},
    Profile{.name = "siliconflow",
            .hosts = kSiliconFlowHosts,
            .path = "/v1",
            .limits = kSiliconFlow,
            .models = kSiliconFlowModels,
            .dimensions = Takes::some_models,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "volcengine",
            .hosts = kVolcengineHosts,
            .path = "/api/v3",
            .limits = kVolcengine,
            .models = {},
            .dimensions = Takes::no,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "vllm",
            .hosts = {},
            .path = "/v1",
            .limits = {},
            .models = {},
            .dimensions = Takes::some_models,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "tei",
            .hosts = {},
            .path = "/v1",
            .limits = kTei,
            .models = {},
            .dimensions = Takes::yes,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "ollama",
            .hosts = kOllamaHosts,
            .path = "/v1",
            .limits = {},
            .models = {},
            .dimensions = Takes::yes,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    Profile{.name = "llama-server",
            .hosts = {},
            .path = "/v1",
            .limits = kLlamaServer,
            .models = {},
            .dimensions = Takes::no,
            .encoding_format = Takes::yes,
            .base64 = Takes::yes},
    // Anything else that speaks OpenAI's API: what is set is sent, and the numbers are what nobody refuses.
    Profile{.name = "generic",
            .hosts = {},
            .path = {},
            .limits = {},
            .models = {},
            .dimensions = Takes::some_models,
            .encoding_format = Takes::yes,
            .base64 = Takes::some_models}};

bool has_host(const Profile& profile, const std::string& host, const std::string& port) {
  return std::ranges::any_of(profile.hosts, [&](std::string_view known) {
    if (known.starts_with(':')) return known.substr(1) == port;
    return known.starts_with('.') ? host.ends_with(known) : host == known;
  });
}

std::optional<std::size_t> less(std::optional<std::size_t> a, std::optional<std::size_t> b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

}  // namespace

std::span<const Profile> profiles() { return kProfiles; }

const Profile& generic_profile() { return kProfiles.back(); }

const Profile* profile_named(std::string_view name) {
  const auto found = std::ranges::find(kProfiles, name, &Profile::name);
  return found == kProfiles.end() ? nullptr : &*found;
}

const Profile& profile_of(const std::string& url) {
  const auto parsed = http::parse_url(url);
  if (!parsed) return generic_profile();
  const std::string host = lower_ascii(parsed->host);
  const auto found = std::ranges::find_if(
      kProfiles, [&](const Profile& profile) { return has_host(profile, host, parsed->port); });
  return found == kProfiles.end() ? generic_profile() : *found;
}

std::string profile_names() {
  std::string names;
  for (const Profile& profile : kProfiles) {
    if (!names.empty()) names += ", ";
    names += profile.name;
  }
  return names;
}

Limits limits_of(const Profile& profile, std::string_view model) {
  Limits limits = profile.limits;
  const std::string name = lower_ascii(model);
  for (const ModelLimits& some : profile.models) {
    if (!name.contains(some.name_has)) continue;
    if (some.limits.inputs_a_call) limits.inputs_a_call = some.limits.inputs_a_call;
    if (some.limits.tokens_a_call) limits.tokens_a_call = some.limits.tokens_a_call;
    if (some.limits.tokens_an_input) limits.tokens_an_input = some.limits.tokens_an_input;
  }
  return limits;
}

Limits strictest(const Limits& one, const Limits& other) {
  return {.inputs_a_call = less(one.inputs_a_call, other.inputs_a_call),
          .tokens_a_call = less(one.tokens_a_call, other.tokens_a_call),
          .tokens_an_input = less(one.tokens_an_input, other.tokens_an_input)};
}

}  // namespace kefu::provider
