#pragma once

#include "answer_flow.hpp"
#include "conversation_memory.hpp"

#include <kefu/provider/client.hpp>
#include <kefu/redis/redis_cache.hpp>
#include <kefu/service/settings.hpp>

#include <cstddef>
#include <string>

namespace kefu::answer {

/// The settings of this service; README.md lists them. Defaults are those of the parts.
struct Config {
  FlowOptions flow;
  provider::Endpoint llm;  ///< no language model while its base_url is empty
  std::size_t llm_max_tokens = 512;
  std::string decision_weights;
  std::string redis_url = "redis://127.0.0.1:6379";
  std::string redis_password;
  CachedConversations::Options conversations;
  std::size_t max_in_flight = 256;

  void declare(service::Settings& settings);
  bool has_llm() const { return !llm.base_url.empty(); }
  provider::ClientOptions llm_client() const;
  /// Errors: `invalid_argument`.
  Result<redis::RedisOptions> redis() const;
  /// After the settings were read: applies the weights and checks what can be checked. Errors:
  /// `invalid_argument`, naming the setting.
  Result<> complete();
};

}  // namespace kefu::answer
