#include "remote_config.hpp"

#include "token_estimate.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace kefu::embedding {
namespace {

using provider::Takes;
using provider::VectorEncoding;

/// Where a provider documents nothing.
const RemoteOptions kUsual;
/// A longer call saves nothing worth its latency, and costs more when it is lost.
constexpr std::size_t kLongestBatch = 256;

/// What a text may be long is the model's, which is one, so that a single endpoint that documents it is
/// enough. The size of a call is each server's own.
provider::Limits limits_of(const std::vector<provider::Endpoint>& endpoints) {
  provider::Limits limits;
  for (const provider::Endpoint& endpoint : endpoints) {
    provider::Limits own = provider::limits_of(*endpoint.profile, endpoint.model);
    own.inputs_a_call = own.inputs_a_call.value_or(kUsual.batch);
    own.tokens_a_call = own.tokens_a_call.value_or(kUsual.call_tokens);
    limits = provider::strictest(limits, own);
  }
  return limits;
}

bool all_take(const std::vector<provider::Endpoint>& endpoints, Takes provider::Profile::* field,
              Takes least) {
  return std::ranges::all_of(
      endpoints, [&](const provider::Endpoint& endpoint) { return endpoint.profile->*field <= least; });
}

Result<VectorEncoding> encoding_of(const RemoteConfig& remote) {
  if (remote.encoding == "float") return VectorEncoding::numbers;
  if (remote.encoding == "base64") return VectorEncoding::base64;
  if (!remote.encoding.empty())
    return fail(Errc::invalid_argument, "embedding-encoding must be float or base64");
  if (!all_take(remote.endpoints, &provider::Profile::encoding_format, Takes::yes))
    return VectorEncoding::unsaid;
  const bool base64 = all_take(remote.endpoints, &provider::Profile::base64, Takes::yes);
  return base64 ? VectorEncoding::base64 : VectorEncoding::numbers;
}

/// What the vectors belong to: the model by its name, wherever it runs, so that a failover finds what was
/// paid for elsewhere. Azure's path decides about the model, whatever the name says, so it is a part of it.
Result<std::string> identity_of(const RemoteConfig& remote) {
  if (!remote.embedder.identity.empty()) return remote.embedder.identity;
  const std::string deployment = remote.endpoints.front().deployment();
  const auto other = std::ranges::find_if(remote.endpoints, [&](const provider::Endpoint& endpoint) {
    return endpoint.deployment() != deployment;
  });
  if (other != remote.endpoints.end()) {
    return fail(
        Errc::invalid_argument,
        fmt::format("embedding-url names the deployments \"{}\" and \"{}\": say by embedding-identity, a "
                    "name of your own, that both are one model",
                    deployment, other->deployment()));
  }
  return deployment.empty() ? remote.settings.model : remote.settings.model + "\n" + deployment;
}

Result<> check(const RemoteConfig& remote) {
  const RemoteOptions& embedder = remote.embedder;
  constexpr std::size_t kLeastTokens = 16;
  if (embedder.max_tokens <
      kLeastTokens + estimate_tokens(embedder.query_prefix) + estimate_tokens(embedder.passage_prefix))
    return fail(Errc::invalid_argument, "embedding-max-tokens leaves no place for a text");
  if (embedder.call_tokens < embedder.max_tokens)
    return fail(Errc::invalid_argument, "embedding-call-tokens must be at least embedding-max-tokens");
  if (embedder.batch > 2048)
    return fail(Errc::invalid_argument, "embedding-batch must lie between 1 and 2048");
  if (embedder.calls == 0 || embedder.calls > 256)
    return fail(Errc::invalid_argument, "embedding-calls must lie between 1 and 256");
  if (embedder.dimensions > kMaxDimensions)
    return fail(Errc::invalid_argument,
                fmt::format("embedding-dimensions must be at most {}", kMaxDimensions));
  if (remote.timeout < std::chrono::milliseconds(1))
    return fail(Errc::invalid_argument, "embedding-timeout must be at least 1ms");
  return {};
}

}  // namespace

void add_remote_settings(service::Settings& settings, RemoteConfig& remote) {
  settings.add(
      "embedding-url", remote.settings.urls,
      "base URL of an OpenAI-compatible API, such as https://host/v1, or several, comma separated, in "
      "order of preference; empty: the model in this process");
  settings.add("embedding-provider", remote.settings.profiles,
               "whose documented limits apply, one for all URLs or one for each: " +
                   provider::profile_names() + "; empty: by the host");
  settings.add("embedding-model", remote.settings.model, "name of the embedding model there");
  settings.add("embedding-identity", remote.embedder.identity,
               "name under which its vectors are kept; empty: embedding-model, and Azure's deployment");
  settings.add_secret("embedding-api-key", remote.settings.api_keys,
                      "key for --embedding-url; one for all, or one for each, comma separated");
  settings.add("embedding-ca-file", remote.settings.ca_file,
               "PEM file of the authorities trusted for --embedding-url; empty: the system's");
  settings.add("embedding-dimensions", remote.embedder.dimensions,
               "asked of the remote model and required; 0: its own, learned from it at the start");
  settings.add("embedding-max-tokens", remote.embedder.max_tokens,
               "longest text that the remote model takes; 0: as the provider documents it, else 512");
  settings.add(
      "embedding-batch", remote.embedder.batch,
      "texts of one call of the remote model; 0: as the provider documents it, at most 256, else 32");
  settings.add("embedding-call-tokens", remote.embedder.call_tokens,
               "tokens of one call of the remote model; 0: as the provider documents it, else 65536");
  settings.add("embedding-calls", remote.embedder.calls,
               "calls of the remote model that are open at once; fewer after it says 429");
  settings.add("embedding-timeout", remote.timeout, "time that one attempt at the remote model may take");
  settings.add("embedding-encoding", remote.encoding,
               "how vectors travel: float, or base64, which is shorter; empty: as the provider documents it");
  settings.add("embedding-query-prefix", remote.embedder.query_prefix,
               "what the remote model expects before a question");
  settings.add("embedding-passage-prefix", remote.embedder.passage_prefix,
               "what the remote model expects before a passage");
}

Result<> complete(RemoteConfig& remote) {
  RemoteOptions& embedder = remote.embedder;
  KEFU_TRY(remote.endpoints, provider::endpoints_of(remote.settings, "embedding"));
  KEFU_TRY(remote.proxy, http::ProxyRules::from_environment());
  KEFU_TRY(embedder.identity, identity_of(remote));
  KEFU_TRY(embedder.encoding, encoding_of(remote));
  embedder.sends_dimensions = all_take(remote.endpoints, &provider::Profile::dimensions, Takes::some_models);
  const provider::Limits limits = limits_of(remote.endpoints);
  if (embedder.batch == 0) embedder.batch = std::min(*limits.inputs_a_call, kLongestBatch);
  if (embedder.max_tokens == 0) {
    embedder.max_tokens = limits.tokens_an_input.value_or(kUsual.max_tokens);
    if (embedder.call_tokens != 0) embedder.max_tokens = std::min(embedder.max_tokens, embedder.call_tokens);
  }
  if (embedder.call_tokens == 0) embedder.call_tokens = std::max(*limits.tokens_a_call, embedder.max_tokens);
  return check(remote);
}

provider::ClientOptions RemoteConfig::client() const {
  /// Of a component as JSON, the longest kind: a double on a line of its own.
  constexpr std::size_t kMostBytes = 40;
  const std::size_t dimensions = embedder.dimensions == 0 ? kMaxDimensions : embedder.dimensions;
  return {.role = provider::kEmbedding,
          .endpoint = endpoints.front(),
          .fallbacks = {endpoints.begin() + 1, endpoints.end()},
          .proxy = proxy,
          .attempt_timeout = timeout,
          .slots = {.in_flight = embedder.calls, .waiting = embedder.calls},
          .max_response_bytes = 1024UL * 1024 + embedder.batch * dimensions * kMostBytes};
}

}  // namespace kefu::embedding
