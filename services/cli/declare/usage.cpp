#include "commands/usage.hpp"

#include "commands/budget.hpp"
#include "declare/declaration.hpp"

#include <memory>

namespace kefu::cli {
namespace {

void declare_report(CLI::App& app, Chosen& chosen) {
  const auto options = std::make_shared<UsageOptions>();
  CLI::App& command =
      add_command(app, "usage", "print tokens and money, spent and saved; this month by knowledge base",
                  "  kefu usage\n"
                  "  kefu usage --kb shop --from 2026-11-01 --by day --by model");
  add_kb(command, options->kb);
  command.add_option("--key", options->key, "of the API key with this id alone")
      ->check(not_empty())
      ->type_name("ID");
  command.add_option("--from", options->from, "first day, such as 2026-11-01; the first of the month")
      ->check(not_empty())
      ->type_name("DAY");
  command.add_option("--to", options->to, "last day, today")->check(not_empty())->type_name("DAY");
  one_each_time(
      command.add_option("--by", options->by,
                         "what gets a line of its own: month, day, kb, key or model; may be repeated"))
      ->check(CLI::IsMember({"month", "day", "kb", "key", "model"}))
      ->type_name("WHAT");
  add_json(command, options->json);
  runs(command, chosen, options, usage);
}

void add_whose(CLI::App& command, BudgetOptions& options) {
  command.add_option("--kb", options.kb, "of this knowledge base")->check(not_empty())->type_name("NAME");
  command.add_option("--key", options.key, "of the API key with this id")
      ->check(not_empty())
      ->type_name("ID");
  command.add_flag("--each-kb", options.each_kb, "of each knowledge base that has none of its own");
  command.add_flag("--each-key", options.each_key, "of each API key that has none of its own");
}

void declare_set(CLI::App& budget, Chosen& chosen) {
  const auto options = std::make_shared<BudgetOptions>();
  CLI::App& command =
      add_command(budget, "set", "set a budget; what is not given is not limited",
                  "  kefu budget set --kb shop --tokens-per-day 1000000 --money-per-month 200\n"
                  "  kefu budget set --each-key --money-per-day 5.50 --soft-percent 90");
  add_whose(command, *options);
  command.add_option("--tokens-per-day", options->tokens_per_day, "embedded, read and written by models")
      ->type_name("N");
  command.add_option("--tokens-per-month", options->tokens_per_month, "the same")->type_name("N");
  command
      .add_option("--money-per-day", options->money_per_day, "at the prices of the settings, such as 5.50")
      ->check(not_empty())
      ->type_name("AMOUNT");
  command.add_option("--money-per-month", options->money_per_month, "the same")
      ->check(not_empty())
      ->type_name("AMOUNT");
  command.add_option("--soft-percent", options->soft_percent, "of a limit, from where on it is told; 80")
      ->type_name("PERCENT");
  add_json(command, options->json);
  runs(command, chosen, options, set_budget);
}

void declare_budget(CLI::App& app, Chosen& chosen) {
  CLI::App& budget = add_command(app, "budget", "list, set and remove budgets of tokens and money",
                                 "  kefu budget list\n  kefu budget set --kb shop --tokens-per-day 1000000");
  budget.require_subcommand(1);
  declare_set(budget, chosen);

  const auto listed = std::make_shared<BudgetOptions>();
  CLI::App& list =
      add_command(budget, "list", "list budgets, and what is spent of each", "  kefu budget list");
  add_json(list, listed->json);
  runs(list, chosen, listed, list_budgets);

  const auto removed = std::make_shared<BudgetOptions>();
  CLI::App& remove = add_command(budget, "remove", "remove a budget: the one for each holds then",
                                 "  kefu budget remove --kb shop");
  add_whose(remove, *removed);
  add_json(remove, removed->json);
  runs(remove, chosen, removed, remove_budget);
}

}  // namespace

void declare_usage(CLI::App& app, Chosen& chosen) {
  declare_report(app, chosen);
  declare_budget(app, chosen);
}

}  // namespace kefu::cli
