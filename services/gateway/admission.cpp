#include "admission.hpp"

#include "api_key.hpp"
#include "json_text.hpp"
#include "media_type.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace kefu::gateway {
namespace {

/// In the order of Denial.
constexpr std::array kReasons{"host_or_origin", "keys_unknown", "no_key", "unknown_key",   "expired_key",
                              "revoked_key",    "rate_limit",   "role",   "knowledge_base"};

/// The token of `Bearer <token>`, empty for anything else.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (lower_ascii(authorization.substr(0, kScheme.size())) != kScheme) return {};
  return trimmed(authorization.substr(kScheme.size()));
}

}  // namespace

Admission::Admission(AdmissionRules rules, KeyStore& keys, AdminKey& admin_key, RateLimiter& limiter,
                     telemetry::Metrics& metrics)

    : others_reach_us_(rules.others_reach_us),
      requests_per_minute_(rules.requests_per_minute),
      access_(rules.allowed_hosts),
      keys_(keys),
      admin_key_(admin_key),
      limiter_(limiter) {
  for (const char* reason : kReasons) {
    denied_.push_back(metrics.counter("kefu_gateway_denied_total",
                                      "HTTP requests that their sender was not allowed to make, by reason",
                                      {{"reason", reason}}));
  }
}

Result<> Admission::check_origin(const http::Fields& fields) const {
  auto checked = access_.check(fields);
  if (!checked) count(Denial::host_or_origin);
  return checked;
}

Result<Caller> Admission::identify(const http::RequestHead& head) {
  // Before the copy is complete, not even that there is no key is known.
  if (!keys_.complete()) {
    count(Denial::keys_unknown);
    return fail(Errc::not_ready, "the API keys are still being read");
  }
  if (!key_needed()) return Caller{.manages = true, .client = head.peer};
  const std::string_view token = bearer_token(head.fields.get("Authorization"));
  if (token.empty())
    return refuse(Denial::no_key, "an API key is needed: send it as `Authorization: Bearer <key>`");
  const std::string hash = secret_hash(token);
  if (admin_key_.matches(hash))
    return Caller{.key_id = "admin", .key_name = "admin-key-file", .manages = true, .client = head.peer};
  const kefu::v1::ApiKey* key = keys_.find_by_hash(hash);
  if (key == nullptr) return refuse(Denial::unknown_key, "this API key is not known");
  KEFU_TRY(Caller caller, caller_of(*key));
  caller.client = head.peer;
  return caller;
}

Result<Caller> Admission::caller_of(const kefu::v1::ApiKey& key) const {
  switch (state_of(key, unix_milliseconds())) {
    case KeyState::revoked:
      return refuse(Denial::revoked_key, "this API key was revoked");
    case KeyState::expired:
      return refuse(Denial::expired_key, "this API key has expired");
    case KeyState::usable:
      break;
  }
  return Caller{.key_id = key.id(),
                .key_name = key.name(),
                .manages = key.role() == kefu::v1::ApiKey::ROLE_MANAGE,
                .kbs = {key.kbs().begin(), key.kbs().end()},
                .requests_per_minute =
                    key.requests_per_minute() != 0 ? key.requests_per_minute() : requests_per_minute_};
}

Task<std::optional<std::chrono::seconds>> Admission::over_limit(const Caller& caller) {
  if (caller.requests_per_minute == 0) co_return std::nullopt;
  const auto wait = co_await limiter_.take(caller.key_id, caller.requests_per_minute);
  if (!wait) co_return std::nullopt;
  count(Denial::rate_limit);
  co_return std::max(std::chrono::seconds(1), std::chrono::ceil<std::chrono::seconds>(*wait));
}

Result<> Admission::permit(const Caller& caller, Needs needs, std::string_view kb) const {
  if (auto checked = caller.check(needs); !checked) {
    count(Denial::role);
    return checked;
  }
  if (kb.empty()) return {};
  auto checked = caller.check(kb);
  if (!checked) count(Denial::knowledge_base);
  return checked;
}

std::unexpected<Error> Admission::refuse(Denial denial, const char* message) const {
  count(denial);
  return fail(Errc::unauthenticated, message);
}

}  // namespace kefu::gateway
