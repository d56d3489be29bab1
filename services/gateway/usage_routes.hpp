#pragma once

#include "key_store.hpp"
#include "reply.hpp"

#include <kefu/directory/knowledge_bases.hpp>
#include <kefu/usage/budgets.hpp>
#include <kefu/usage/calendar.hpp>
#include <kefu/usage/records.hpp>

#include <string>
#include <utility>

namespace kefu::gateway {

/// What /v1/usage and /v1/budgets read; all outlives the flow.
struct UsageParts {
  const usage::Records& records;
  usage::Budgets& budgets;
  std::string currency = "CNY";
  usage::Now now = [] { return std::chrono::system_clock::now(); };
};

/// /v1/usage: what was spent and saved. /v1/budgets: what may be spent. Both out of copies that follow what
/// the other services write some seconds later. A key that is limited to knowledge bases sees those alone.
class UsageRoutes {
 public:
  UsageRoutes(UsageParts parts, const directory::KnowledgeBases& knowledge_bases, const KeyStore& keys)
      : parts_(std::move(parts)), knowledge_bases_(knowledge_bases), keys_(keys) {}

  Task<Result<Reply>> usage(RequestContext context, const Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> budgets(RequestContext context, const Caller& caller);
  Task<Result<Reply>> put_budget(RequestContext context, Caller& caller, http::Exchange& exchange);
  Task<Result<Reply>> remove_budget(RequestContext context, Caller& caller, http::Exchange& exchange);

 private:
  struct Named {
    usage::Scope scope;
    std::string name;
  };
  Result<Named> name_budget(Caller& caller, const http::Exchange& exchange) const;
  Task<Result<>> check_exists(Named named, Deadline deadline) const;
  usage::Totals totals() const;
  usage::Day today() const { return usage::day_of(parts_.now()); }

  UsageParts parts_;
  const directory::KnowledgeBases& knowledge_bases_;
  const KeyStore& keys_;
};

}  // namespace kefu::gateway
