#include "budget_json.hpp"

#include "json_object.hpp"
#include "json_text.hpp"

#include <kefu/usage/budgets.hpp>

#include <fmt/format.h>

#include <limits>
#include <optional>
#include <utility>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;
using kefu::v1::Budget;

constexpr std::int64_t kMostTokens = 1'000'000'000'000'000;  // any JSON reader takes it exactly
constexpr std::int64_t kSoftPercent = 80;

Result<std::optional<std::uint64_t>> tokens_of(const JsonObject& object, const char* name) {
  KEFU_TRY(const auto tokens, object.optional_integer(name, 0, kMostTokens));
  if (!tokens) return std::nullopt;
  return static_cast<std::uint64_t>(*tokens);
}

/// Text, since a JSON number is a binary fraction to most readers.
Result<std::optional<std::uint64_t>> money_of(const JsonObject& object, const char* name) {
  KEFU_TRY(const auto text, object.optional_string(name));
  if (!text) return std::nullopt;
  auto micros = usage::parse_micros(*text);
  if (!micros)
    return fail(Errc::invalid_argument, fmt::format("field \"{}\": {}", name, micros.error().message));
  return *micros;
}

template <class Value>
Json or_null(bool given, Value value) {
  return given ? Json(std::move(value)) : Json(nullptr);
}

const char* name_of(usage::Level level) {
  switch (level) {
    case usage::Level::free:
      return "open";
    case usage::Level::near:
      return "near";
    case usage::Level::used_up:
      return "used_up";
  }
  return "";
}

Json spent_json(const usage::Spent& spent) {
  return {{"tokens", spent.tokens}, {"money", spent.money.text()}};
}

}  // namespace

Result<usage::Scope> parse_scope(std::string_view name) {
  if (name == "kb") return Budget::SCOPE_KB;
  if (name == "key") return Budget::SCOPE_KEY;
  return fail(Errc::not_found, "there are budgets of a kb and of a key, and no others");
}

Result<Budget> parse_budget(std::string_view body) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only(
      {"tokens_per_day", "tokens_per_month", "money_per_day", "money_per_month", "soft_percent"}));
  Budget budget;
  KEFU_TRY(const auto tokens_a_day, tokens_of(object, "tokens_per_day"));
  KEFU_TRY(const auto tokens_a_month, tokens_of(object, "tokens_per_month"));
  KEFU_TRY(const auto money_a_day, money_of(object, "money_per_day"));
  KEFU_TRY(const auto money_a_month, money_of(object, "money_per_month"));
  KEFU_TRY(const auto soft, object.optional_integer("soft_percent", 1, 100));
  if (!tokens_a_day && !tokens_a_month && !money_a_day && !money_a_month) {
    return fail(Errc::invalid_argument,
                "a budget needs at least one of tokens_per_day, tokens_per_month, money_per_day and "
                "money_per_month");
  }
  if (tokens_a_day) budget.set_tokens_per_day(*tokens_a_day);
  if (tokens_a_month) budget.set_tokens_per_month(*tokens_a_month);
  if (money_a_day) budget.set_money_per_day_micros(*money_a_day);
  if (money_a_month) budget.set_money_per_month_micros(*money_a_month);
  budget.set_soft_percent(static_cast<std::uint32_t>(soft.value_or(kSoftPercent)));
  return budget;
}

Json budget_object(const Budget& budget, const usage::Totals& totals, usage::Day today) {
  Json object{{"scope", budget.scope() == Budget::SCOPE_KEY ? "key" : "kb"},
              {"name", budget.name()},
              {"tokens_per_day", or_null(budget.has_tokens_per_day(), budget.tokens_per_day())},
              {"tokens_per_month", or_null(budget.has_tokens_per_month(), budget.tokens_per_month())},
              {"money_per_day",
               or_null(budget.has_money_per_day_micros(), usage::micros_text(budget.money_per_day_micros()))},
              {"money_per_month", or_null(budget.has_money_per_month_micros(),
                                          usage::micros_text(budget.money_per_month_micros()))},
              {"soft_percent", budget.soft_percent()},
              {"changed_at", time_text(budget.changed_unix_ms())}};
  if (budget.name() == usage::kEach) return object;
  const auto spent = [&](usage::Day first) {
    return spent_json(totals.of(budget.scope(), budget.name(), first, today));
  };
  object["spent_today"] = spent(today);
  object["spent_this_month"] = spent(usage::first_of_month(today));
  const usage::Standing standing = usage::standing_of(budget, budget.name(), totals, today);
  object["state"] = name_of(standing.level);
  if (!standing.reason.empty()) object["reason"] = standing.reason;
  return object;
}

std::string budgets_json(Json budgets, const std::string& currency) {
  return json_text(Json{{"currency", currency}, {"budgets", std::move(budgets)}});
}

}  // namespace kefu::gateway
