#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// What a route asks of whoever calls it. A knowledge base in its path (`{kb}`) is checked beside that,
/// before the handler runs; one that only the handler can find (in the body, of a job) it checks with
/// Caller::check.
enum class Needs {
  nothing,     ///< not even a key
  ask,         ///< a key of either role
  manage,      ///< a key of the role manage
  manage_all,  ///< a key of the role manage that is limited to no knowledge base
};

/// Who sends one request and what they may do, and what the audit is to say of it.
struct Caller {
  std::string key_id = {};  ///< empty: no key was asked for
  std::string key_name = {};
  bool manages = false;                   ///< role manage rather than ask
  std::vector<std::string> kbs = {};      ///< names of knowledge bases; empty: all
  std::string client = {};                ///< address
  std::uint32_t requests_per_minute = 0;  ///< 0: no limit

  /// Of the audit, where the path does not tell: handlers of manage actions set them as soon as they know.
  std::string kb = {};
  std::string object = {};  ///< filename, job or key

  bool limited() const { return !kbs.empty(); }
  bool may_use(std::string_view kb_name) const;
  /// Errors: `permission_denied`, whether or not the knowledge base exists.
  Result<> check(std::string_view kb_name) const;
  /// Errors: `permission_denied`.
  Result<> check(Needs needs) const;
};

}  // namespace kefu::gateway
