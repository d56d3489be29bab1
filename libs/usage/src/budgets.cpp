#include <kefu/base/ids.hpp>
#include <kefu/usage/budgets.hpp>

#include <algorithm>
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
    by_key_.erase(entry.key);
  } else {
    by_key_[entry.key] = std::move(budget);
  }
}

const kefu::v1::Budget* Budgets::of(Scope scope, const std::string& name) const {
  if (by_key_.empty() || name.empty()) return nullptr;
  auto found = by_key_.find(key_of(scope, name));
  if (found == by_key_.end()) found = by_key_.find(key_of(scope, kEach));
  return found == by_key_.end() ? nullptr : &found->second;
}

std::vector<kefu::v1::Budget> Budgets::all() const {
  std::vector<kefu::v1::Budget> budgets;
  budgets.reserve(by_key_.size());
  for (const auto& [key, budget] : by_key_) budgets.push_back(budget);
  std::ranges::sort(budgets, {},
                    [](const kefu::v1::Budget& budget) { return std::tuple(budget.scope(), budget.name()); });
  return budgets;
}

Task<Result<>> Budgets::put(kefu::v1::Budget budget, Deadline deadline) {
  const std::string key = key_of(budget.scope(), budget.name());
  KEFU_CO_CHECK(co_await bucket_.put(key, budget.SerializeAsString(), std::nullopt, deadline));
  by_key_[key] = std::move(budget);  // the watch tells the same a moment later
  co_return Result<>{};
}

Task<Result<>> Budgets::erase(Scope scope, std::string name, Deadline deadline) {
  const std::string key = key_of(scope, name);
  KEFU_CO_CHECK(co_await bucket_.get(key, deadline));
  KEFU_CO_CHECK(co_await bucket_.erase(key, deadline));
  by_key_.erase(key);
  co_return Result<>{};
}

}  // namespace kefu::usage
