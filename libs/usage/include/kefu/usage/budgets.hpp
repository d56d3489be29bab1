#pragma once

#include "kefu/v1/usage.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/bucket_follower.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/usage/totals.hpp>

#include <functional>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace kefu::usage {

/// In the place of a name: each that has no budget of its own. No knowledge base and no key is called this.
inline constexpr std::string_view kEach = "*";

/// The budgets: a copy of the bucket KEFU_BUDGETS, kept fresh by a watch. Only the gateway changes them.
class Budgets {
 public:
  /// `bucket` outlives this.
  explicit Budgets(bus::KeyValueBucket& bucket);
  Budgets(const Budgets&) = delete;

  /// Follows the bucket until stop(); spawn it in the owner's task group.
  Task<void> run() { return follower_.run(); }
  void stop() { follower_.stop(); }
  /// True once the copy holds what the bucket held when run() began.
  bool complete() const { return complete_; }

  /// Its own, or else the one for each; nullptr when there is neither. Valid until the next co_await.
  const kefu::v1::Budget* of(Scope scope, const std::string& name) const;
  bool empty() const { return budgets_.empty(); }
  /// By scope and name.
  std::vector<kefu::v1::Budget> all() const;

  /// Replaces the one of the same scope and name. Errors: `unavailable`, `deadline_exceeded`.
  Task<Result<>> put(kefu::v1::Budget budget, Deadline deadline);
  /// Errors: `not_found`, `unavailable`, `deadline_exceeded`.
  Task<Result<>> erase(Scope scope, std::string name, Deadline deadline);

 private:
  void apply(const bus::KvEntry& entry);
  void remember(kefu::v1::Budget budget);

  bus::KeyValueBucket& bucket_;
  bus::BucketFollower follower_;
  std::map<std::tuple<Scope, std::string>, kefu::v1::Budget, std::less<>> budgets_;
  bool complete_ = false;
};

}  // namespace kefu::usage
