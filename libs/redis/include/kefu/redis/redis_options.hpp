#pragma once

#include <kefu/base/error.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::redis {

struct RedisOptions {
  std::string host = "127.0.0.1";
  std::string port = "6379";
  std::string username = {};
  std::string password = {};
  int database = 0;
  std::chrono::milliseconds connect_timeout{1000};
  /// Commands waiting for a reply; more are refused at once with `overloaded`.
  std::size_t max_in_flight = 1024;
};

/// redis://[user[:password]@]host[:port][/database]. Errors: `invalid_argument`; the message never holds the
/// password.
Result<RedisOptions> parse_redis_url(const std::string& url);

}  // namespace kefu::redis
