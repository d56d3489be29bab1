#include "access.hpp"

#include "loopback.hpp"
#include "media_type.hpp"

#include <algorithm>

namespace kefu::gateway {
namespace {

/// `name` of `name:8080`, `::1` of `[::1]:8080`; empty where the port is none.
std::string_view without_port(std::string_view authority) {
  std::string_view host = authority;
  std::string_view port;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return {};
    host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    port = authority.substr(colon);
  }
  if (port.empty()) return host;
  const bool digits = port.size() > 1 && port.front() == ':' &&
                      std::ranges::all_of(port.substr(1), [](char c) { return c >= '0' && c <= '9'; });
  return digits ? host : std::string_view{};
}

bool is_loopback_name(const std::string& host) {
  return host == "localhost" || is_loopback(host).value_or(false);
}

/// The host and port of an origin such as `https://shop.example`; empty for `null` and for what is no origin.
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  }
  return {};
}

}  // namespace

AccessRule::AccessRule(std::string_view allowed_hosts) {
  while (!allowed_hosts.empty()) {
    const auto comma = allowed_hosts.find(',');
    const std::string_view name = trimmed(allowed_hosts.substr(0, comma));
    if (!name.empty()) allowed_.push_back(lower_ascii(name));
    if (comma == std::string_view::npos) break;
    allowed_hosts.remove_prefix(comma + 1);
  }
}

bool AccessRule::allows_host(std::string_view host) const {
  const std::string name = lower_ascii(without_port(host));
  if (name.empty()) return false;
  return is_loopback_name(name) || std::ranges::find(allowed_, name) != allowed_.end();
}

Result<> AccessRule::check(const http::Fields& fields) const {
  const std::string_view host = fields.get("Host");
  if (!allows_host(host)) {
    return fail(
        Errc::permission_denied,
        "this Host is not served here: use localhost, or add the name to allowed-hosts of the gateway");
  }
  const std::string_view origin = fields.get("Origin");
  if (!origin.empty() && lower_ascii(authority_of(origin)) != lower_ascii(host)) {
    return fail(Errc::permission_denied, "requests of pages of another origin are not taken");
  }
  return {};
}

}  // namespace kefu::gateway
