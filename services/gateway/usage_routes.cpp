#include "usage_routes.hpp"

#include "budget_json.hpp"
#include "json_text.hpp"
#include "names.hpp"
#include "request_body.hpp"
#include "usage_json.hpp"

#include <algorithm>

namespace kefu::gateway {
namespace {

constexpr std::size_t kLongestName = 128;

}  // namespace

Task<Result<Reply>> UsageRoutes::usage(RequestContext /*context*/, const Caller& caller,
                                       http::Exchange& exchange) {
  KEFU_CO_TRY(const UsageQuery query, parse_usage_query(exchange.head(), today()));
  if (query.kb) KEFU_CO_CHECK(caller.check(*query.kb));
  if (!parts_.records.complete()) co_return fail(Errc::not_ready, "the records are still being read");
  UsageReport report(query);
  parts_.records.each(query.from, query.to, [&](usage::Day day, const usage::Count& count) {
    if (caller.may_use(count.payer.kb)) report.add(day, count);
  });
  KEFU_CO_TRY(std::string json, report.json(parts_.currency));
  co_return json_reply(200, std::move(json));
}

Task<Result<Reply>> UsageRoutes::budgets(RequestContext /*context*/, const Caller& caller) {
  if (!parts_.records.complete() || !parts_.budgets.complete())
    co_return fail(Errc::not_ready, "the records are still being read");
  const usage::Totals spent = totals();
  auto array = nlohmann::ordered_json::array();
  for (const kefu::v1::Budget& budget : parts_.budgets.all()) {
    const bool of_kb = budget.scope() == kefu::v1::Budget::SCOPE_KB;
    if (caller.limited() && !(of_kb && caller.may_use(budget.name()))) continue;
    array.push_back(budget_object(budget, spent, today()));
  }
  co_return json_reply(200, budgets_json(std::move(array), parts_.currency));
}

Task<Result<Reply>> UsageRoutes::put_budget(RequestContext context, Caller& caller,
                                            http::Exchange& exchange) {
  KEFU_CO_TRY(const Named named, name_budget(caller, exchange));
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxJsonBytes));
  KEFU_CO_TRY(kefu::v1::Budget budget, parse_budget(body));
  KEFU_CO_CHECK(co_await check_exists(named, context.deadline));
  budget.set_scope(named.scope);
  budget.set_name(named.name);
  budget.set_changed_unix_ms(unix_milliseconds());
  budget.set_changed_by(caller.key_id);
  KEFU_CO_CHECK(co_await parts_.budgets.put(budget, context.deadline));
  co_return json_reply(200, json_text(budget_object(budget, totals(), today())));
}

Task<Result<Reply>> UsageRoutes::remove_budget(RequestContext context, Caller& caller,
                                               http::Exchange& exchange) {
  KEFU_CO_TRY(const Named named, name_budget(caller, exchange));
  auto erased = co_await parts_.budgets.erase(named.scope, named.name, context.deadline);
  if (!erased && erased.error().code == Errc::not_found)
    co_return fail(Errc::not_found, "there is no such budget");
  KEFU_CO_CHECK(erased);
  co_return http::Response{.status = 204};
}

Result<UsageRoutes::Named> UsageRoutes::name_budget(Caller& caller, const http::Exchange& exchange) const {
  Named named;
  KEFU_TRY(named.scope, parse_scope(path_parameter(exchange, "scope")));
  named.name = path_parameter(exchange, "name");
  KEFU_CHECK(validate_name("the name", named.name, kLongestName));
  caller.object = path_parameter(exchange, "scope") + "/" + named.name;
  if (named.scope == kefu::v1::Budget::SCOPE_KB && named.name != usage::kEach) caller.kb = named.name;
  return named;
}

/// A budget for a name that is misspelt would bound nothing.
Task<Result<>> UsageRoutes::check_exists(Named named, Deadline deadline) const {
  if (named.name == usage::kEach) co_return Result<>{};
  if (named.scope == kefu::v1::Budget::SCOPE_KB) {
    KEFU_CO_CHECK(co_await knowledge_bases_.find(named.name, deadline));
    co_return Result<>{};
  }
  const auto keys = keys_.all();
  if (std::ranges::find(keys, named.name, &kefu::v1::ApiKey::id) != keys.end()) co_return Result<>{};
  co_return fail(Errc::not_found, "there is no API key with this id");
}

usage::Totals UsageRoutes::totals() const {
  usage::Totals totals;
  parts_.records.each(usage::first_of_month(today()), today(),
                      [&](usage::Day day, const usage::Count& count) {
                        totals.add(day, count.payer, usage::spent_of(count.tokens, count.price));
                      });
  return totals;
}

}  // namespace kefu::gateway
