#pragma once

#include "kefu/v1/usage.pb.h"

#include <kefu/usage/counts.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

namespace kefu::usage {

using Scope = kefu::v1::Budget::Scope;

/// Tokens and what they cost, as budgets count them.
struct Spent {
  std::uint64_t tokens = 0;
  Money money;
};

/// What each knowledge base and each API key has spent on each day.
class Totals {
 public:
  void add(Day day, const Payer& payer, const Spent& spent) { change(day, payer, spent, true); }
  /// Of what was added before.
  void remove(Day day, const Payer& payer, const Spent& spent) { change(day, payer, spent, false); }
  /// From `first` to `last`, both included.
  Spent of(Scope scope, const std::string& name, Day first, Day last) const;
  /// Of whom anything is known.
  std::set<std::string> names(Scope scope) const;
  void forget_before(Day day) { days_.erase(days_.begin(), days_.lower_bound(day)); }

 private:
  using ByName = std::unordered_map<std::string, Spent>;
  struct OneDay {
    ByName kbs;
    ByName keys;
  };
  static const ByName& of_scope(const OneDay& day, Scope scope);
  void change(Day day, const Payer& payer, const Spent& spent, bool more);

  std::map<Day, OneDay> days_;
};

Spent spent_of(const Tokens& tokens, Price price);

}  // namespace kefu::usage
