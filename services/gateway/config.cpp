#include "config.hpp"

#include "admin_key.hpp"
#include "loopback.hpp"

#include <utility>

namespace kefu::gateway {
namespace {

constexpr std::size_t kMostRequestsPerMinute = 1'000'000;

}  // namespace

void add_settings(service::Settings& settings, GatewayConfig& config) {
  settings.add("listen-address", config.listen_address, "IP address of the HTTP API");
  settings.add("listen-port", config.listen_port, "port of the HTTP API, 0 for any free one");
  settings.add(
      "admin-key-file", config.admin_key_file,
      "file that holds an API key which manages everything, of at least 20 characters; once it is set, "
      "or any key was made, every request needs a key");
  settings.add("requests-per-minute", config.requests_per_minute,
               "limit of API keys that were made without one of their own; 0: none");
  settings.add(
      "redis-url", config.redis_url,
      "Redis through which replicas share the limits of keys: redis://[user@]host[:port][/database]; "
      "none: each replica limits on its own");
  settings.add_secret("redis-password", config.redis_password, "password of Redis");
  settings.add("currency", config.currency,
               "of the prices in the settings of kefu-embedding and kefu-answer, as /v1/usage names it");
  settings.add("allowed-hosts", config.allowed_hosts,
               "names, separated by commas, under which clients reach the API beside localhost");
  settings.add("ask-timeout", config.ask_timeout,
               "longest time for a question; keep it above llm-timeout of kefu-answer");
  settings.add("embeddings-timeout", config.embeddings_timeout,
               "longest time for all texts of a request of /v1/embeddings");
  settings.add("upload-timeout", config.upload_timeout, "longest time for an upload");
  settings.add("max-asks", config.max_asks, "questions worked on at once; more are refused");
  settings.add("max-embeddings", config.max_embeddings,
               "requests of /v1/embeddings worked on at once; more are refused");
  settings.add("max-uploads", config.max_uploads, "uploads taken at once; more are refused");
  settings.add("max-connections", config.max_connections, "open connections; more are refused");
}

Result<> validate(const GatewayConfig& config) {
  const auto loopback = is_loopback(config.listen_address);
  if (!loopback) {
    return fail(Errc::invalid_argument,
                "listen-address must be an IP address such as 127.0.0.1 or 0.0.0.0, not \"" +
                    config.listen_address + "\"");
  }
  for (const auto& [name, value] :
       {std::pair("max-asks", config.max_asks), std::pair("max-embeddings", config.max_embeddings),
        std::pair("max-uploads", config.max_uploads), std::pair("max-connections", config.max_connections)}) {
    if (value == 0) return fail(Errc::invalid_argument, std::string(name) + " must be at least 1");
  }
  if (config.requests_per_minute > kMostRequestsPerMinute)
    return fail(Errc::invalid_argument, "requests-per-minute must be at most 1000000");
  if (!config.admin_key_file.empty()) KEFU_CHECK(AdminKey::read(config.admin_key_file));
  if (config.uses_redis()) KEFU_CHECK(config.redis());
  return {};
}

Result<redis::RedisOptions> GatewayConfig::redis() const {
  KEFU_TRY(redis::RedisOptions options, redis::parse_redis_url(redis_url));
  if (!redis_password.empty()) options.password = redis_password;
  return options;
}

}  // namespace kefu::gateway
