#pragma once

#include <kefu/base/error.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::http {

struct Url;

/// An HTTP proxy that tunnels (CONNECT).
struct Proxy {
  std::string host;
  std::string port;
  std::string authorization = {};  ///< value of Proxy-Authorization, or empty. A secret
};

/// Which https requests go through a proxy, by the environment variables that curl and most SDKs know:
/// HTTPS_PROXY is `[http://][user:password@]host[:port]`, NO_PROXY a comma separated list of those that are
/// reached directly: `host` and `.host` are a name and all names below it, `host:port` only that port,
/// `10.0.0.0/8` the addresses of a network (a host given by its name is not looked up for that), `*` is
/// everybody. Requests over plain http never go through it.
class ProxyRules {
 public:
  /// No proxy.
  ProxyRules() = default;
  /// An empty `proxy` is none. Errors: `invalid_argument`, which names no password.
  static Result<ProxyRules> parse(std::string_view proxy, std::string_view no_proxy);
  /// The names in small letters go before those in capital letters, as with curl.
  static Result<ProxyRules> from_environment();

  /// Null: directly. Valid as long as these rules.
  const Proxy* proxy_for(const Url& url) const;

 private:
  /// One entry of NO_PROXY.
  struct Direct {
    std::string host;  ///< in lower case; a name, an address or a network
    std::string port;  ///< empty: any
  };

  static bool matches(const Direct& direct, const Url& url);

  std::optional<Proxy> proxy_;
  std::vector<Direct> direct_;
  bool everybody_direct_ = false;
};

}  // namespace kefu::http
