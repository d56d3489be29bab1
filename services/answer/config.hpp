#pragma once

#include "answer_flow.hpp"
#include "conversation_memory.hpp"

#include <kefu/provider/client.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/service/settings.hpp>
#include <kefu/usage/prices.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::answer {

/// The settings of this service; README.md lists them. Defaults are those of the parts.
struct Config {
  FlowOptions flow;
  provider::EndpointSettings llm;  ///< no language model while there is no URL
  std::size_t llm_max_tokens = 512;
  std::string decision_weights;
  std::string redis_url = "redis://127.0.0.1:6379";
  std::string redis_password;
  CachedConversations::Options conversations;
  std::size_t max_in_flight = 256;
  std::string prices;
  usage::Prices model_prices;  ///< what `prices` says, after complete()

  void declare(service::Settings& settings);
  bool has_llm() const { return !llm.urls.empty(); }
  /// Only with a language model, after complete().
  provider::ClientOptions llm_client() const;
  /// Errors: `invalid_argument`.
  Result<redis::RedisOptions> redis() const;
  /// After the settings were read: applies the weights and checks what can be checked. Errors:
  /// `invalid_argument`, naming the setting.
  Result<> complete();

 private:
  std::vector<provider::Endpoint> llm_endpoints_;  ///< in order of preference
  http::ProxyRules proxy_;
};

}  // namespace kefu::answer
