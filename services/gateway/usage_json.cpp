#include "usage_json.hpp"

#include "json_text.hpp"
#include "names.hpp"
#include "query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kGroups{std::pair{UsageGroup::month, "month"}, std::pair{UsageGroup::day, "day"},
                             std::pair{UsageGroup::kb, "kb"}, std::pair{UsageGroup::key, "key"},
                             std::pair{UsageGroup::model, "model"}};
constexpr std::size_t kLongestKey = 128;
constexpr std::size_t kMonthLength = 7;  // of 2026-11-25

const char* name_of(UsageGroup group) {
  return std::ranges::find(kGroups, group, &std::pair<UsageGroup, const char*>::first)->second;
}

Result<UsageGroup> parse_group(std::string_view name) {
  const auto found =
      std::ranges::find_if(kGroups, [name](const auto& group) { return name == group.second; });
  if (found != kGroups.end()) return found->first;
  return fail(Errc::invalid_argument,
              "the query parameter \"group_by\" lists month, day, kb, key and model, separated by commas");
}

Result<std::vector<UsageGroup>> parse_groups(std::string_view text) {
  std::vector<UsageGroup> groups;
  while (true) {
    const auto comma = text.find(',');
    KEFU_TRY(const UsageGroup group, parse_group(text.substr(0, comma)));
    if (std::ranges::find(groups, group) != groups.end())
      return fail(Errc::invalid_argument,
                  fmt::format("the query parameter \"group_by\" has {} twice", name_of(group)));
    groups.push_back(group);
    if (comma == std::string_view::npos) return groups;
    text.remove_prefix(comma + 1);
  }
}

Result<usage::Day> day_parameter(const http::RequestHead& head, const char* name, usage::Day otherwise) {
  const auto text = query_parameter(head, name);
  if (!text) return otherwise;
  auto day = usage::parse_day(*text);
  if (!day)
    return fail(Errc::invalid_argument,
                fmt::format("the query parameter \"{}\": {}", name, day.error().message));
  return day;
}

/// What belongs to no knowledge base, or to no key, has none.
Json group_value(UsageGroup group, const std::string& value) {
  const bool may_lack = group == UsageGroup::kb || group == UsageGroup::key;
  return may_lack && value.empty() ? Json(nullptr) : Json(value);
}

}  // namespace

Result<UsageQuery> parse_usage_query(const http::RequestHead& head, usage::Day today) {
  UsageQuery query;
  KEFU_TRY(query.to, day_parameter(head, "to", today));
  KEFU_TRY(query.from, day_parameter(head, "from", usage::first_of_month(query.to)));
  if (query.from > query.to)
    return fail(Errc::invalid_argument, "the query parameter \"from\" is a day after \"to\"");
  query.kb = query_parameter(head, "kb");
  if (query.kb) KEFU_CHECK(check_kb_name(*query.kb));
  query.key = query_parameter(head, "key");
  if (query.key) KEFU_CHECK(validate_name("the query parameter \"key\"", *query.key, kLongestKey));
  KEFU_TRY(query.groups, parse_groups(query_parameter(head, "group_by").value_or("kb")));
  return query;
}

void UsageReport::Sum::add(const usage::Count& count) {
  tokens += count.tokens;
  money += usage::cost(count.tokens, count.price);
  saved += usage::saving(count.tokens, count.price);
}

void UsageReport::add(usage::Day day, const usage::Count& count) {
  if (query_.kb && *query_.kb != count.payer.kb) return;
  if (query_.key && *query_.key != count.payer.key) return;
  if (rows_.size() > kMaxRows) return;  // json() refuses it
  std::vector<std::string> values;
  values.reserve(query_.groups.size());
  for (const UsageGroup group : query_.groups) values.push_back(value_of(group, day, count));
  rows_[std::move(values)].add(count);
  total_.add(count);
}

std::string UsageReport::value_of(UsageGroup group, usage::Day day, const usage::Count& count) {
  switch (group) {
    case UsageGroup::month:
      return usage::day_text(day).substr(0, kMonthLength);
    case UsageGroup::day:
      return usage::day_text(day);
    case UsageGroup::kb:
      return count.payer.kb;
    case UsageGroup::key:
      return count.payer.key;
    case UsageGroup::model:
      return count.model;
  }
  return {};
}

Result<std::string> UsageReport::json(const std::string& currency) const {
  if (rows_.size() > kMaxRows) {
    return fail(Errc::invalid_argument,
                fmt::format("these are more than {} rows: take fewer days, or group by less", kMaxRows));
  }
  const auto put = [](const Sum& sum, Json& object) {
    object["tokens_spent"] = sum.tokens.spent();
    object["tokens_saved"] = sum.tokens.saved;
    object["embedding_tokens"] = sum.tokens.embedding;
    object["prompt_tokens"] = sum.tokens.prompt;
    object["completion_tokens"] = sum.tokens.completion;
    object["money_spent"] = sum.money.text();
    object["money_saved"] = sum.saved.text();
  };
  Json groups = Json::array();
  for (const UsageGroup group : query_.groups) groups.push_back(name_of(group));
  Json rows = Json::array();
  for (const auto& [values, sum] : rows_) {
    Json row = Json::object();
    for (std::size_t i = 0; i < values.size(); ++i)
      row[name_of(query_.groups[i])] = group_value(query_.groups[i], values[i]);
    put(sum, row);
    rows.push_back(std::move(row));
  }
  Json total = Json::object();
  put(total_, total);
  return json_text(Json{{"from", usage::day_text(query_.from)},
                        {"to", usage::day_text(query_.to)},
                        {"currency", currency},
                        {"group_by", std::move(groups)},
                        {"rows", std::move(rows)},
                        {"total", std::move(total)}});
}

}  // namespace kefu::gateway
