#include "caller.hpp"

#include <algorithm>

namespace kefu::gateway {

bool Caller::may_use(std::string_view kb_name) const {
  return kbs.empty() || std::ranges::find(kbs, kb_name) != kbs.end();
}

Result<> Caller::check(std::string_view kb_name) const {
  if (may_use(kb_name)) return {};
  return fail(Errc::permission_denied, "this API key is for other knowledge bases");
}

Result<> Caller::check(Needs needs) const {
  if (needs == Needs::nothing || needs == Needs::ask) return {};
  if (!manages)
    return fail(Errc::permission_denied, "this API key may only ask: it takes one of the role manage");
  if (needs == Needs::manage_all && limited()) {
    return fail(Errc::permission_denied,
                "this API key is limited to some knowledge bases: it takes one that manages all of them");
  }
  return {};
}

}  // namespace kefu::gateway
