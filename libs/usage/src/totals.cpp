#include <kefu/usage/totals.hpp>

namespace kefu::usage {
namespace {

void change_one(std::unordered_map<std::string, Spent>& names, const std::string& name, const Spent& spent,
                bool more) {
  if (name.empty() || name == kOther) return;  // nobody's budget
  Spent& total = names[name];
  if (more) {
    total.tokens += spent.tokens;
    total.money += spent.money;
  } else {
    total.tokens -= spent.tokens;
    total.money -= spent.money;
  }
}

}  // namespace

Spent spent_of(const Tokens& tokens, Price price) { return {tokens.spent(), cost(tokens, price)}; }

const Totals::ByName& Totals::of_scope(const OneDay& day, Scope scope) {
  return scope == kefu::v1::Budget::SCOPE_KEY ? day.keys : day.kbs;
}

void Totals::change(Day day, const Payer& payer, const Spent& spent, bool more) {
  OneDay& sums = days_[day];
  change_one(sums.kbs, payer.kb, spent, more);
  change_one(sums.keys, payer.key, spent, more);
}

Spent Totals::of(Scope scope, const std::string& name, Day first, Day last) const {
  Spent sum;
  for (auto day = days_.lower_bound(first); day != days_.end() && day->first <= last; ++day) {
    const ByName& names = of_scope(day->second, scope);
    const auto found = names.find(name);
    if (found == names.end()) continue;
    sum.tokens += found->second.tokens;
    sum.money += found->second.money;
  }
  return sum;
}

std::set<std::string> Totals::names(Scope scope) const {
  std::set<std::string> all;
  for (const auto& [day, sums] : days_) {
    for (const auto& [name, spent] : of_scope(sums, scope)) all.insert(name);
  }
  return all;
}

}  // namespace kefu::usage
