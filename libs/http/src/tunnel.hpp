#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/client.hpp>
#include <kefu/http/proxy.hpp>

#include <string>
#include <string_view>

namespace kefu::http {

/// Of a response to CONNECT; more is no proxy's answer.
inline constexpr std::size_t kMaxTunnelHeadBytes = 16UL * 1024;

/// Asks `proxy` for a connection to the host of `url` (RFC 9110, section 9.3.6).
std::string connect_request(const Proxy& proxy, const Url& url);

/// `head` is everything that came, up to and including the empty line. Errors: `unavailable`, where the proxy
/// refuses, or says more than its answer: a server that speaks TLS does not begin.
Result<> check_tunnel(std::string_view head);

}  // namespace kefu::http
