#pragma once

#include <kefu/base/error.hpp>
#include <kefu/redis/redis_options.hpp>
#include <kefu/service/settings.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace kefu::gateway {

struct GatewayConfig {
  std::string listen_address = "127.0.0.1";
  std::uint16_t listen_port = 8080;
  std::string allowed_hosts = {};  ///< names separated by commas, beside the loopback ones
  /// Above the time that answer gives to a language model, and below the drain-timeout of every service.
  std::chrono::milliseconds ask_timeout{30000};
  std::chrono::milliseconds embeddings_timeout{120000};  ///< many long texts are minutes of work
  std::chrono::milliseconds request_timeout{5000};       ///< of everything without its own
  std::chrono::milliseconds upload_timeout{600000};
  std::size_t max_asks = 256;
  std::size_t max_embeddings = 32;  ///< each may hold a body of 8 MiB or vectors of 16 MiB
  std::size_t max_uploads = 8;
  std::size_t max_upload_bytes = std::size_t{64} << 20;
  std::size_t max_connections = 1024;
  std::string admin_key_file = {};                   ///< empty: there is no admin key
  std::size_t requests_per_minute = 0;               ///< of keys without a limit of their own; 0: none
  std::string redis_url = "redis://127.0.0.1:6379";  ///< "none": each replica limits keys on its own
  std::string redis_password = {};
  std::string currency = "CNY";  ///< of the prices in the settings of embedding and answer

  bool uses_redis() const { return redis_url != "none"; }
  /// Errors: `invalid_argument`, without the password.
  Result<redis::RedisOptions> redis() const;
};

void add_settings(service::Settings& settings, GatewayConfig& config);

/// Errors: `invalid_argument`, naming the setting. Whether other machines may reach the address is decided at
/// the start, when it is known whether there are keys.
Result<> validate(const GatewayConfig& config);

}  // namespace kefu::gateway
