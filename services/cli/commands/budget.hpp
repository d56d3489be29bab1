#pragma once

#include "api_client.hpp"
#include "console.hpp"

#include <kefu/async/task.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace kefu::cli {

struct BudgetOptions {
  std::string kb;
  std::string key;
  bool each_kb = false;  ///< that has no budget of its own
  bool each_key = false;
  std::optional<std::uint64_t> tokens_per_day;
  std::optional<std::uint64_t> tokens_per_month;
  std::string money_per_day;
  std::string money_per_month;
  std::optional<std::uint64_t> soft_percent;
  bool json = false;
};

/// `kefu budget list`: what may be spent, and what is.
Task<int> list_budgets(BudgetOptions options, ApiClient& api, Console& console);
/// `kefu budget set`: replaces the one before.
Task<int> set_budget(BudgetOptions options, ApiClient& api, Console& console);
Task<int> remove_budget(BudgetOptions options, ApiClient& api, Console& console);

}  // namespace kefu::cli
