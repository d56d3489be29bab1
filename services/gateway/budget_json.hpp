#pragma once

#include "kefu/v1/usage.pb.h"

#include <kefu/base/error.hpp>
#include <kefu/usage/limits.hpp>
#include <kefu/usage/totals.hpp>

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// `kb` or `key`, as paths have it. Errors: `not_found`.
Result<usage::Scope> parse_scope(std::string_view name);

/// The limits of a body; scope and name are the path's. Errors: `invalid_argument`.
Result<kefu::v1::Budget> parse_budget(std::string_view body);

/// With what is spent of it and how it stands; of one for each, the limits alone.
nlohmann::ordered_json budget_object(const kefu::v1::Budget& budget, const usage::Totals& totals,
                                     usage::Day today);

std::string budgets_json(nlohmann::ordered_json budgets, const std::string& currency);

}  // namespace kefu::gateway
