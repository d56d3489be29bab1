#include <kefu/base/ascii.hpp>
#include <kefu/http/client.hpp>
#include <kefu/http/proxy.hpp>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace kefu::http {
namespace {

namespace ip = boost::asio::ip;

std::string encode_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // EVP ends it with a zero
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::string_view variable(const char* small, const char* capital) {
  for (const char* const name : {small, capital}) {
    if (const char* const value = std::getenv(name); value != nullptr && *value != '\0') return value;
  }
  return {};
}

bool in_network(const std::string& network, const ip::address& address) {
  boost::system::error_code error;
  if (address.is_v4()) {
    const auto v4 = ip::make_network_v4(network, error);
    return !error && ip::make_network_v4(address.to_v4(), v4.prefix_length()).canonical() == v4.canonical();
  }
  const auto v6 = ip::make_network_v6(network, error);
  return !error && ip::make_network_v6(address.to_v6(), v6.prefix_length()).canonical() == v6.canonical();
}

/// `name` is `domain` or below it.
bool below(std::string_view name, std::string_view domain) {
  if (!name.ends_with(domain)) return false;
  name.remove_suffix(domain.size());
  return name.empty() || name.ends_with('.');
}

}  // namespace

Result<ProxyRules> ProxyRules::parse(std::string_view proxy, std::string_view no_proxy) {
  ProxyRules rules;
  proxy = trimmed(proxy);
  if (proxy.empty()) return rules;
  if (proxy.starts_with("https://"))
    return fail(Errc::invalid_argument, "HTTPS_PROXY: a proxy that is itself reached over TLS is not taken");
  if (proxy.starts_with("http://")) proxy.remove_prefix(std::string_view("http://").size());
  Proxy parsed;
  const std::string_view authority = proxy.substr(0, proxy.find('/'));
  if (const auto at = authority.rfind('@'); at != std::string_view::npos) {
    parsed.authorization = "Basic " + encode_base64(percent_decode(proxy.substr(0, at)));
    proxy.remove_prefix(at + 1);
  }
  auto url = parse_url("http://" + std::string(proxy));
  if (!url) return fail(Errc::invalid_argument, "HTTPS_PROXY: " + url.error().message);
  if (url->target != "/")
    return fail(Errc::invalid_argument, "HTTPS_PROXY: it has no path; a / in its password is written %2F");
  parsed.host = url->host;
  parsed.port = url->port;
  rules.proxy_ = std::move(parsed);
  while (!no_proxy.empty()) {
    const auto comma = no_proxy.find(',');
    std::string host = lower_ascii(trimmed(no_proxy.substr(0, comma)));
    no_proxy.remove_prefix(comma == std::string_view::npos ? no_proxy.size() : comma + 1);
    if (host == "*") rules.everybody_direct_ = true;
    if (host.starts_with("*.")) host.erase(0, 1);
    if (host.starts_with('.')) host.erase(0, 1);
    Direct direct{.host = std::move(host), .port = {}};
    const auto colon = direct.host.rfind(':');
    const bool bracketed = direct.host.starts_with('[');
    const bool one_colon = colon != std::string::npos && direct.host.find(':') == colon;
    if (colon != std::string::npos &&
        (one_colon || (bracketed && colon > 0 && direct.host[colon - 1] == ']'))) {
      direct.port = direct.host.substr(colon + 1);
      direct.host.resize(colon);
    }
    if (bracketed) std::erase_if(direct.host, [](char c) { return c == '[' || c == ']'; });
    if (!direct.host.empty()) rules.direct_.push_back(std::move(direct));
  }
  return rules;
}

Result<ProxyRules> ProxyRules::from_environment() {
  return parse(variable("https_proxy", "HTTPS_PROXY"), variable("no_proxy", "NO_PROXY"));
}

const Proxy* ProxyRules::proxy_for(const Url& url) const {
  if (!proxy_ || !url.tls || everybody_direct_) return nullptr;
  const bool direct = std::ranges::any_of(direct_, [&](const Direct& entry) { return matches(entry, url); });
  return direct ? nullptr : &*proxy_;
}

bool ProxyRules::matches(const Direct& direct, const Url& url) {
  if (!direct.port.empty() && direct.port != url.port) return false;
  boost::system::error_code no_address;
  const auto address = ip::make_address(url.host, no_address);
  if (no_address) return below(lower_ascii(url.host), direct.host);
  if (direct.host.find('/') != std::string::npos) return in_network(direct.host, address);
  boost::system::error_code error;
  const auto same = ip::make_address(direct.host, error);
  return !error && same == address;
}

}  // namespace kefu::http
