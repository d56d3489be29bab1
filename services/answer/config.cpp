#include "config.hpp"

#include <fmt/format.h>

namespace kefu::answer {

void Config::declare(service::Settings& settings) {
  settings.add("max-in-flight", max_in_flight, "questions worked on at once; more are refused");
  settings.add("max-question-characters", flow.max_question_characters, "longer questions are refused");
  settings.add("top-k", flow.default_top_k, "passages looked at when a request does not say");
  settings.add("max-top-k", flow.max_top_k, "passages that a request may ask for");
  settings.add("embed-timeout", flow.embed_timeout, "then the search goes on by words alone");
  settings.add("redis-url", redis_url,
               "Redis that remembers sessions for a while: redis://[user@]host[:port][/database]");
  settings.add_secret("redis-password", redis_password, "password of Redis");
  settings.add("session-ttl", conversations.ttl, "how long a session is remembered after its last question");
  settings.add("history-turns", flow.history_turns, "earlier questions and answers that are looked at");
  settings.add("history-characters", flow.history_characters, "characters of each of them");
  settings.add("decision-weights", decision_weights,
               "weights of the decision that differ from the defaults: faq.gap=40,threshold.near=0.3");
  settings.add("refusal-zh", flow.refusals.chinese, "what is said in Chinese when there is no answer");
  settings.add("refusal-en", flow.refusals.english, "what is said in English when there is no answer");
  settings.add(
      "llm-url", llm.urls,
      "base URL of an OpenAI-compatible API, such as https://host/v1, or several, comma separated, in "
      "order of preference; empty: no language model");
  settings.add("llm-model", llm.model, "name of the model there");
  settings.add_secret("llm-api-key", llm.api_keys,
                      "key for the language model; one for all URLs, or one for each, comma separated");
  settings.add("llm-ca-file", llm.ca_file,
               "PEM file of the authorities trusted for --llm-url; empty: the system's");
  settings.add("llm-max-tokens", llm_max_tokens, "length of a generated answer at most");
  settings.add("rewrite-timeout", flow.rewrite_timeout,
               "time that the language model may take to say a follow-up question in full");
  settings.add("llm-timeout", flow.llm_timeout,
               "time that one generated answer may take; keep it below ask-timeout of kefu-gateway");
  settings.add("llm-reserve", flow.llm_reserve,
               "of the caller's time, kept to answer without the language model when it is late");
  settings.add("prices", prices,
               "of a million tokens of each model, such as qwen-plus=0.8/2 where completions cost more, "
               "separated by commas");
  settings.add("prompt-passages", flow.prompt_passages, "passages shown to the language model");
  settings.add("prompt-characters", flow.prompt_characters, "characters of passages shown to it");
}

provider::ClientOptions Config::llm_client() const {
  constexpr std::size_t kOpenAtOnce = 64;
  return {.role = provider::kLlm,
          .endpoint = llm_endpoints_.front(),
          .fallbacks = {llm_endpoints_.begin() + 1, llm_endpoints_.end()},
          .proxy = proxy_,
          .attempt_timeout = flow.llm_timeout,
          .slots = {.in_flight = kOpenAtOnce, .waiting = max_in_flight}};
}

Result<redis::RedisOptions> Config::redis() const {
  KEFU_TRY(redis::RedisOptions options, redis::parse_redis_url(redis_url));
  if (!redis_password.empty()) options.password = redis_password;
  return options;
}

Result<> Config::complete() {
  if (auto applied = override_weights(flow.weights, decision_weights); !applied)
    return fail(Errc::invalid_argument, "decision-weights: " + applied.error().message);
  if (auto options = redis(); !options) return fail(options.error());
  // Redis knows no shorter life, and would refuse to remember anything.
  if (conversations.ttl < std::chrono::seconds(1))
    return fail(Errc::invalid_argument, "session-ttl must be at least 1s");
  if (max_in_flight == 0) return fail(Errc::invalid_argument, "max-in-flight must be at least 1");
  if (flow.default_top_k == 0 || flow.default_top_k > flow.max_top_k)
    return fail(Errc::invalid_argument,
                fmt::format("top-k must lie between 1 and max-top-k ({})", flow.max_top_k));
  auto parsed = usage::Prices::parse(prices);
  if (!parsed) return fail(Errc::invalid_argument, "prices: " + parsed.error().message);
  model_prices = *std::move(parsed);
  if (!has_llm()) return {};
  KEFU_TRY(llm_endpoints_, provider::endpoints_of(llm, "llm"));
  KEFU_TRY(proxy_, http::ProxyRules::from_environment());
  if (flow.prompt_passages == 0) return fail(Errc::invalid_argument, "prompt-passages must be at least 1");
  return {};
}

}  // namespace kefu::answer
