#include "commands/budget.hpp"

#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kefu::cli {
namespace {

using nlohmann::json;

std::string path_of_budget(const BudgetOptions& options) {
  if (options.each_kb) return path_of({"v1", "budgets", "kb", "*"});
  if (options.each_key) return path_of({"v1", "budgets", "key", "*"});
  return options.kb.empty() ? path_of({"v1", "budgets", "key", options.key})
                            : path_of({"v1", "budgets", "kb", options.kb});
}

std::string name_of(const json& budget) {
  const bool of_key = budget.value("scope", "") == "key";
  const std::string name = one_line(budget.value("name", ""));
  if (name == "*") return of_key ? "each API key" : "each knowledge base";
  return (of_key ? "key " : "kb ") + fit(name, 40);
}

/// "1,000 of 5,000 tokens, 1.20 of 9.00 CNY" of one period, as far as there are limits.
std::string used_of(const json& budget, const char* period, const char* spent_name,
                    const std::string& currency) {
  const auto limit = [&](const char* what) {
    return budget.value(fmt::format("{}_per_{}", what, period), json());
  };
  const json spent = budget.value(spent_name, json());
  std::string out;
  if (const json tokens = limit("tokens"); tokens.is_number_unsigned()) {
    const std::string of = grouped(tokens.get<std::uint64_t>());
    out = spent.is_object()
              ? fmt::format("{} of {} tokens", grouped(spent.value("tokens", std::uint64_t{0})), of)
              : of + " tokens";
  }
  if (const json money = limit("money"); money.is_string()) {
    const std::string of = money.get<std::string>();
    out += out.empty() ? "" : ", ";
    out += spent.is_object() ? fmt::format("{} of {} {}", spent.value("money", ""), of, currency)
                             : fmt::format("{} {}", of, currency);
  }
  return out.empty() ? "-" : out;
}

std::string state_of(const json& budget) {
  const std::string state = budget.value("state", "");
  return state == "used_up" ? "used up" : state;
}

void print(const json& budgets, const std::string& currency, Console& console) {
  using enum Table::Align;
  Table table({left, left, left, left});
  table.add({"budget of", "a day", "a month", "state"});
  for (const json& budget : budgets) {
    table.add({name_of(budget), used_of(budget, "day", "spent_today", currency),
               used_of(budget, "month", "spent_this_month", currency), state_of(budget)});
  }
  for (const std::string& line : table.lines()) console.line(line);
}

json request_of(const BudgetOptions& options) {
  json body = json::object();
  if (options.tokens_per_day) body["tokens_per_day"] = *options.tokens_per_day;
  if (options.tokens_per_month) body["tokens_per_month"] = *options.tokens_per_month;
  if (!options.money_per_day.empty()) body["money_per_day"] = options.money_per_day;
  if (!options.money_per_month.empty()) body["money_per_month"] = options.money_per_month;
  if (options.soft_percent) body["soft_percent"] = *options.soft_percent;
  return body;
}

/// The exit status of arguments that make no sense, else 0.
int check_whose(const BudgetOptions& options, Console& console) {
  const int given = (options.kb.empty() ? 0 : 1) + (options.key.empty() ? 0 : 1) + (options.each_kb ? 1 : 0) +
                    (options.each_key ? 1 : 0);
  if (given == 1) return 0;
  console.error("say whose budget by one of --kb, --key, --each-kb and --each-key");
  return 2;
}

}  // namespace

Task<int> list_budgets(BudgetOptions options, ApiClient& api, Console& console) {
  const auto all = co_await api.get("/v1/budgets");
  if (!all) {
    console.error(all.error());
    co_return 1;
  }
  const json list = all->value("budgets", json::array());
  if (options.json) {
    console.json(*all);
  } else if (list.empty()) {
    console.line("no budget yet: kefu budget set --each-kb --tokens-per-day N makes one");
  } else {
    print(list, one_line(all->value("currency", "")), console);
  }
  co_return 0;
}

Task<int> set_budget(BudgetOptions options, ApiClient& api, Console& console) {
  if (const int status = check_whose(options, console); status != 0) co_return status;
  const auto budget = co_await api.send("PUT", path_of_budget(options), request_of(options));
  if (!budget) {
    console.error(budget.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*budget);
  } else {
    console.line(fmt::format("set the budget of {}", name_of(*budget)));
  }
  co_return 0;
}

Task<int> remove_budget(BudgetOptions options, ApiClient& api, Console& console) {
  if (const int status = check_whose(options, console); status != 0) co_return status;
  const auto removed = co_await api.send("DELETE", path_of_budget(options), nullptr);
  if (!removed) {
    console.error(removed.error());
    co_return 1;
  }
  if (options.json) {
    console.json({{"removed", true}});
  } else {
    console.line("removed the budget");
  }
  co_return 0;
}

}  // namespace kefu::cli
