#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace kefu::cli {

struct KbOptions {
  std::string name;
  std::string description;
  bool json = false;
};

/// `kefu kb create`: one that exists already gets the description, if there is one; exit status 0.
Task<int> create_kb(KbOptions options, ApiClient& api, Console& console);
/// `kefu kb list`: those that the key may see.
Task<int> list_kbs(KbOptions options, ApiClient& api, Console& console);
Task<int> show_kb(KbOptions options, ApiClient& api, Console& console);

/// `list`: as the API gives them.
void print_kbs(const nlohmann::json& list, Console& console);

}  // namespace kefu::cli
