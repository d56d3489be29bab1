#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace kefu::cli {

struct KeyOptions {
  std::string name;
  std::string role;
  std::vector<std::string> kbs;             ///< empty: all
  std::string expires_at;                   ///< RFC 3339; empty: see the next
  std::chrono::milliseconds expires_in{0};  ///< 0: never
  std::uint64_t requests_per_minute = 0;    ///< 0: the default of the server
  std::string secret_file;                  ///< where the secret goes; empty: it is printed
  std::string id;
  bool json = false;
};

/// `kefu key create`: the secret is shown this once, or written to a new file that only its owner may read.
Task<int> create_key(KeyOptions options, ApiClient& api, Console& console);
Task<int> list_keys(KeyOptions options, ApiClient& api, Console& console);
Task<int> revoke_key(KeyOptions options, ApiClient& api, Console& console);

}  // namespace kefu::cli
