#pragma once

#include <kefu/async/signal.hpp>
#include <kefu/async/task.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>
#include <kefu/usage/budgets.hpp>
#include <kefu/usage/calendar.hpp>
#include <kefu/usage/counts.hpp>
#include <kefu/usage/limits.hpp>
#include <kefu/usage/records.hpp>
#include <kefu/usage/totals.hpp>

#include <chrono>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace kefu::usage {

struct AccountsOptions {
  std::string replica;  ///< another one for each process
  Prices prices = {};
  Now now = [] { return std::chrono::system_clock::now(); };
  /// What a process that dies has counted since it wrote last is lost; what others do not know yet lets them
  /// spend beyond a budget.
  std::chrono::milliseconds write_interval{2000};
};

/// What has been spent, by all replicas of all services, and whether more may be. Each replica counts in
/// memory and writes its own records; everybody reads those of the others. Event loop only.
class Accounts {
 public:
  /// All references outlive this.
  Accounts(asio::any_io_executor executor, bus::KeyValueBucket& usage, bus::KeyValueBucket& budgets,
           AccountsOptions options, telemetry::Metrics& metrics, const telemetry::Logger& log);
  Accounts(const Accounts&) = delete;

  /// Makes sure of both buckets. Errors: those of the bus.
  Task<Result<>> ensure_storage(Deadline deadline);
  /// Starts its tasks, which end after stop(), when what is left has been written or cannot be.
  void start(TaskGroup& tasks);
  void stop();
  /// Returns when what was written before start() is known, or at the deadline: then budgets are kept as far
  /// as they are known.
  Task<void> wait_complete(Deadline deadline) const;

  void book(const Payer& payer, const std::string& model, const Tokens& tokens);
  /// Errors: `budget_exhausted`, with a sentence that names the budget.
  Result<> may_spend(const Payer& payer) const;
  /// That somebody was refused for it.
  void refused() { refusals_.add(); }

 private:
  struct Written {
    DayCounts counts;
    bool dirty = false;
  };

  Day today() const { return day_of(options_.now()); }
  void on_record(const Records::Record* before, const Records::Record* now);
  Standing standing(const Payer& payer) const;
  Standing standing(Scope scope, const std::string& name, Day today) const;
  Task<void> keep_books();
  Task<void> write(Deadline deadline);
  void turn_day();
  void survey();

  bus::KeyValueBucket& usage_bucket_;
  bus::KeyValueBucket& budgets_bucket_;
  AccountsOptions options_;
  const telemetry::Logger& log_;
  Budgets budgets_;
  Records records_;
  Totals totals_;                // of this month, by everybody
  std::map<Day, Written> mine_;  // today's and yesterday's, and of earlier days what is not written yet
  std::map<std::pair<Scope, std::string>, Level> levels_;  // as the log knows them
  std::set<std::string> unpriced_;                         // models of which the log has told
  Day month_;
  telemetry::Gauge near_;
  telemetry::Gauge used_up_;
  telemetry::Counter refusals_;
  telemetry::Counter money_;
  telemetry::Counter write_errors_;
  Signal stop_;
  bool stopping_ = false;
};

}  // namespace kefu::usage
