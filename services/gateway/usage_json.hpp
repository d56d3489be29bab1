#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/server.hpp>
#include <kefu/usage/counts.hpp>
#include <kefu/usage/totals.hpp>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kefu::gateway {

/// By what sums are told apart.
enum class UsageGroup { month, day, kb, key, model };

struct UsageQuery {
  usage::Day from;
  usage::Day to;  ///< included
  std::optional<std::string> kb = {};
  std::optional<std::string> key = {};
  std::vector<UsageGroup> groups = {};
};

/// Of the parameters from, to, kb, key and group_by; this month by knowledge base where they are absent.
/// Errors: `invalid_argument`.
Result<UsageQuery> parse_usage_query(const http::RequestHead& head, usage::Day today);

/// Sums of what it is given, as the query wants them.
class UsageReport {
 public:
  static constexpr std::size_t kMaxRows = 10'000;

  explicit UsageReport(UsageQuery query) : query_(std::move(query)) {}

  void add(usage::Day day, const usage::Count& count);
  /// Errors: `invalid_argument` where there are too many rows.
  Result<std::string> json(const std::string& currency) const;

 private:
  struct Sum {
    usage::Tokens tokens;
    usage::Money money;
    usage::Money saved;
    void add(const usage::Count& count);
  };
  static std::string value_of(UsageGroup group, usage::Day day, const usage::Count& count);

  UsageQuery query_;
  std::map<std::vector<std::string>, Sum> rows_;  // by the values of the groups
  Sum total_;
};

}  // namespace kefu::gateway
