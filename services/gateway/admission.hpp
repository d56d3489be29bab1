#pragma once

#include "access.hpp"
#include "admin_key.hpp"
#include "caller.hpp"
#include "key_store.hpp"
#include "rate_limit.hpp"

#include <kefu/base/error.hpp>
#include <kefu/http/server.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace kefu::gateway {

struct AdmissionRules {
  std::string_view allowed_hosts = {};    ///< of AccessRule; not kept
  bool others_reach_us = false;           ///< the address is no loopback address: a key is always needed
  std::uint32_t requests_per_minute = 0;  ///< of keys without a limit of their own; 0: none
};

/// Why a request was denied, as the metric says it.
enum class Denial {
  host_or_origin,
  keys_unknown,  ///< the copy of the keys is not complete
  no_key,
  unknown_key,
  expired_key,
  revoked_key,
  rate_limit,
  role,
  knowledge_base,
};

/// Decides who may call, one question after the other. Without any key, and where only this machine reaches
/// the gateway, everybody may do everything.
class Admission {
 public:
  /// The references outlive this object.
  Admission(AdmissionRules rules, KeyStore& keys, AdminKey& admin_key, RateLimiter& limiter,
            telemetry::Metrics& metrics);

  /// Errors: `permission_denied` for a foreign Host or Origin.
  Result<> check_origin(const http::Fields& fields) const;
  /// Whose key it is. Errors: `unauthenticated` (the message says why), `not_ready`.
  Result<Caller> identify(const http::RequestHead& head);
  /// Set: the caller is over the limit of the key and may come again after so long.
  Task<std::optional<std::chrono::seconds>> over_limit(const Caller& caller);
  /// `kb`: of the path, empty where there is none. Errors: `permission_denied`.
  Result<> permit(const Caller& caller, Needs needs, std::string_view kb) const;

  void count(Denial denial) const { denied_[static_cast<std::size_t>(denial)].add(); }
  bool key_needed() const { return others_reach_us_ || keys_.any() || admin_key_.exists(); }

 private:
  std::unexpected<Error> refuse(Denial denial, const char* message) const;
  Result<Caller> caller_of(const kefu::v1::ApiKey& key) const;

  const bool others_reach_us_;
  const std::uint32_t requests_per_minute_;
  AccessRule access_;
  KeyStore& keys_;
  AdminKey& admin_key_;
  RateLimiter& limiter_;
  std::vector<telemetry::Counter> denied_;  // in the order of Denial
};

}  // namespace kefu::gateway
