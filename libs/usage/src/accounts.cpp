#include <kefu/usage/accounts.hpp>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace kefu::usage {
namespace {

using namespace std::chrono_literals;
using kefu::v1::Budget;

constexpr auto kPoll = 5ms;
constexpr auto kCallWithin = 5s;
/// After which a process that stops gives up what it could not write.
constexpr auto kLastWriteWithin = 3s;
constexpr std::array kScopes{Budget::SCOPE_KB, Budget::SCOPE_KEY};

telemetry::Gauge budgets_gauge(telemetry::Metrics& metrics, const char* state) {
  return metrics.gauge("kefu_usage_budgets",
                       "Knowledge bases and API keys whose budget is near its end or used up",
                       {{"state", state}});
}

}  // namespace

Accounts::Accounts(asio::any_io_executor executor, bus::KeyValueBucket& usage, bus::KeyValueBucket& budgets,
                   AccountsOptions options, telemetry::Metrics& metrics, const telemetry::Logger& log)
    : usage_bucket_(usage),
      budgets_bucket_(budgets),
      options_(std::move(options)),
      log_(log),
      budgets_(budgets),
      records_(
          usage, [this] { return first_of_month(today()); },
          [this](const Records::Record* before, const Records::Record* now) { on_record(before, now); }),
      month_(first_of_month(today())),
      near_(budgets_gauge(metrics, "near")),
      used_up_(budgets_gauge(metrics, "used_up")),
      refusals_(metrics.counter("kefu_usage_refusals_total",
                                "Texts and generated answers refused since a budget was used up")),
      money_(metrics.counter("kefu_usage_money_total",
                             "What this process spent, in the currency of the prices in its settings")),
      write_errors_(metrics.counter("kefu_usage_write_errors_total",
                                    "Attempts to write down what was spent that failed; each is repeated")),
      stop_(std::move(executor)) {}

Task<Result<>> Accounts::ensure_storage(Deadline deadline) {
  KEFU_CO_CHECK(co_await usage_bucket_.ensure(kRecordLife, deadline));
  co_return co_await budgets_bucket_.ensure(0ms, deadline);
}

void Accounts::start(TaskGroup& tasks) {
  tasks.spawn(budgets_.run());
  tasks.spawn(records_.run());
  tasks.spawn(keep_books());
}

void Accounts::stop() {
  stopping_ = true;
  budgets_.stop();
  records_.stop();
  stop_.raise();
}

Task<void> Accounts::wait_complete(Deadline deadline) const {
  while (!(budgets_.complete() && records_.complete()) && !deadline.passed()) co_await sleep_for(kPoll);
}

void Accounts::book(const Payer& payer, const std::string& model, const Tokens& tokens) {
  if (tokens.none()) return;
  const auto price = options_.prices.of(model);
  if (!price && tokens.spent() != 0 && unpriced_.insert(model).second)
    log_.info("no price is set for this model: its tokens are counted as free",
              {{"model", std::string_view(model)}});
  const Day day = today();
  auto mine = mine_.find(day);
  if (mine == mine_.end()) mine = mine_.emplace(day, Written{DayCounts(day, options_.replica)}).first;
  Written& written = mine->second;
  written.counts.add(payer, model, price.value_or(Price{}), tokens);
  written.dirty = true;
  if (tokens.spent() == 0) return;
  const Spent spent = spent_of(tokens, price.value_or(Price{}));
  totals_.add(day, payer, spent);
  money_.add(spent.money.approximate());
}

Result<> Accounts::may_spend(const Payer& payer) const {
  Standing now = standing(payer);
  if (now.level != Level::used_up) return {};
  return fail(Errc::budget_exhausted, std::move(now.reason));
}

Standing Accounts::standing(const Payer& payer) const {
  const Day day = today();
  Standing of_kb = standing(Budget::SCOPE_KB, payer.kb, day);
  if (of_kb.level == Level::used_up) return of_kb;
  Standing of_key = standing(Budget::SCOPE_KEY, payer.key, day);
  return of_key.level > of_kb.level ? of_key : of_kb;
}

Standing Accounts::standing(Scope scope, const std::string& name, Day day) const {
  const Budget* budget = budgets_.of(scope, name);
  return budget == nullptr ? Standing{} : standing_of(*budget, name, totals_, day);
}

/// This replica's own records only tell what is counted already.
void Accounts::on_record(const Records::Record* before, const Records::Record* now) {
  if ((before != nullptr ? before : now)->replica == options_.replica) return;
  if (before != nullptr) {
    for (const Count& count : before->counts)
      totals_.remove(before->day, count.payer, spent_of(count.tokens, count.price));
  }
  if (now != nullptr) {
    for (const Count& count : now->counts)
      totals_.add(now->day, count.payer, spent_of(count.tokens, count.price));
  }
}

Task<void> Accounts::keep_books() {
  while (!stopping_) {
    co_await stop_.wait(Deadline::in(options_.write_interval));
    if (stopping_) break;
    turn_day();
    survey();
    co_await write(Deadline::in(kCallWithin));
  }
  co_await write(Deadline::in(kLastWriteWithin));
}

Task<void> Accounts::write(Deadline deadline) {
  std::vector<Day> dirty;
  for (const auto& [day, written] : mine_) {
    if (written.dirty) dirty.push_back(day);
  }
  for (const Day day : dirty) {
    Written& written = mine_.at(day);
    written.dirty = false;  // before the wait: what is booked meanwhile is written next time
    std::string value = written.counts.record().SerializeAsString();
    const auto put = co_await usage_bucket_.put(day_key(day) + "." + options_.replica, std::move(value),
                                                std::nullopt, deadline);
    if (put) continue;
    mine_.at(day).dirty = true;
    write_errors_.add();
    if (stopping_)
      log_.error("what was spent since the last record could not be written",
                 {{"error", std::string_view(put.error().message)}});
  }
}

/// Yesterday's counts stay: a clock that is set back would begin them anew, and replace what is written.
void Accounts::turn_day() {
  const Day day = today();
  const Day yesterday = day - std::chrono::days(1);
  std::erase_if(mine_, [&](const auto& entry) { return entry.first < yesterday && !entry.second.dirty; });
  if (first_of_month(day) <= month_) return;
  month_ = first_of_month(day);
  totals_.forget_before(month_);
}

/// Tells of each budget that has come nearer to its end, or is open again, once.
void Accounts::survey() {
  if (budgets_.empty() && levels_.empty()) return;
  const Day day = today();
  std::array<double, 3> counts{};
  decltype(levels_) levels;
  for (const Scope scope : kScopes) {
    std::set<std::string> names = totals_.names(scope);
    for (const Budget& budget : budgets_.all()) {
      if (budget.scope() == scope && budget.name() != kEach) names.insert(budget.name());
    }
    for (const std::string& name : names) {
      const Standing now = standing(scope, name, day);
      ++counts.at(static_cast<std::size_t>(now.level));
      const auto before = levels_.find({scope, name});
      const Level known = before == levels_.end() ? Level::free : before->second;
      if (now.level != Level::free) levels[{scope, name}] = now.level;
      if (now.level == known) continue;
      const std::string of = named(scope, name);
      log_.log(now.level == Level::free ? telemetry::Level::info : telemetry::Level::warning,
               now.level == Level::used_up ? "a budget is used up"
               : now.level == Level::near  ? "a budget is near its end"
                                           : "a budget is open again",
               {{"of", std::string_view(of)}, {"reason", std::string_view(now.reason)}});
    }
  }
  levels_ = std::move(levels);
  near_.set(counts.at(static_cast<std::size_t>(Level::near)));
  used_up_.set(counts.at(static_cast<std::size_t>(Level::used_up)));
}

}  // namespace kefu::usage
