#include <kefu/base/ids.hpp>
#include <kefu/usage/budgets.hpp>

#include <chrono>
#include <optional>
#include <tuple>
#include <utility>

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;

constexpr auto kPoll = 500ms;

std::string key_of(Scope scope, std::string_view name) {
  return (scope == kefu::v1::Budget::SCOPE_KEY ? "key." : "kb.") + subject_token(name);
}

}  // namespace

Budgets::Budgets(bus::KeyValueBucket& bucket)
    : bucket_(bucket), follower_(bucket, kPoll, [this](const std::optional<bus::KvEntry>& entry) {
        if (entry) {
          apply(*entry);
        } else {
          complete_ = true;
        }
      }) {}

void Budgets::apply(const bus::KvEntry& entry) {
  kefu::v1::Budget budget;
  if (entry.erased || !budget.ParseFromString(entry.value)) {
    std::erase_if(budgets_, [&](const auto& known) {
      return key_of(known.second.scope(), known.second.name()) == entry.key;
    });
  } else {
    remember(std::move(budget));
  }
}

void Budgets::remember(kefu::v1::Budget budget) {
  std::tuple name(budget.scope(), budget.name());
  budgets_.insert_or_assign(std::move(name), std::move(budget));
}

const kefu::v1::Budget* Budgets::of(Scope scope, const std::string& name) const {
  if (budgets_.empty() || name.empty()) return nullptr;
  auto found = budgets_.find(std::tie(scope, name));
  if (found == budgets_.end()) found = budgets_.find(std::tie(scope, kEach));
  return found == budgets_.end() ? nullptr : &found->second;
}

std::vector<kefu::v1::Budget> Budgets::all() const {
  std::vector<kefu::v1::Budget> budgets;
  budgets.reserve(budgets_.size());
  for (const auto& [name, budget] : budgets_) budgets.push_back(budget);
  return budgets;
}

Task<Result<>> Budgets::put(kefu::v1::Budget budget, Deadline deadline) {
  const std::string key = key_of(budget.scope(), budget.name());
  KEFU_CO_CHECK(co_await bucket_.put(key, budget.SerializeAsString(), std::nullopt, deadline));
  remember(std::move(budget));  // the watch tells the same a moment later
  co_return Result<>{};
}

Task<Result<>> Budgets::erase(Scope scope, std::string name, Deadline deadline) {
  const std::string key = key_of(scope, name);
  KEFU_CO_CHECK(co_await bucket_.get(key, deadline));
  KEFU_CO_CHECK(co_await bucket_.erase(key, deadline));
  budgets_.erase(std::tuple(scope, std::move(name)));
  co_return Result<>{};
}

}  // namespace kefu::usage
