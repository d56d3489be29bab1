#include <kefu/http/client.hpp>
#include <kefu/provider/endpoint.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace kefu::provider {

std::string Endpoint::url(std::string_view path) const {
  std::string_view base = base_url;
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base).append(path);
}

std::string Endpoint::authority() const {
  const auto url = http::parse_url(base_url);
  if (!url) return {};
  const bool usual = url->port == (url->tls ? "443" : "80");
  return usual ? url->host : fmt::format("{}:{}", url->host, url->port);
}

Result<> check(const Endpoint& endpoint, std::string_view setting_prefix) {
  if (auto url = http::parse_url(endpoint.base_url); !url)
    return fail(Errc::invalid_argument, fmt::format("{}-url: {}", setting_prefix, url.error().message));
  if (endpoint.model.empty()) {
    return fail(Errc::invalid_argument,
                fmt::format("{0}-model is missing, {0}-url is given", setting_prefix));
  }
  const auto printable = [](char c) { return c > ' ' && c <= '~'; };
  if (!std::ranges::all_of(endpoint.api_key, printable)) {
    return fail(Errc::invalid_argument,
                fmt::format("{}-api-key holds a character that no key has", setting_prefix));
  }
  return {};
}

}  // namespace kefu::provider
