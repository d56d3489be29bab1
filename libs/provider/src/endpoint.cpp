#include <kefu/base/ascii.hpp>
#include <kefu/http/client.hpp>
#include <kefu/provider/endpoint.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace kefu::provider {
namespace {

/// The API version that Azure's documentation of embeddings shows; any later one goes into the URL.
constexpr std::string_view kAzureApiVersion = "api-version=2024-02-01";
constexpr std::string_view kDeployments = "/deployments/";

std::vector<std::string> listed(std::string_view text) {
  std::vector<std::string> items;
  if (trimmed(text).empty()) return items;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto comma = std::min(text.find(',', begin), text.size());
    items.emplace_back(trimmed(text.substr(begin, comma - begin)));
    begin = comma + 1;
  }
  return items;
}

/// The item of the `index`th URL: there are none, one for all, or one for each.
std::string_view item_of(const std::vector<std::string>& items, std::size_t index) {
  if (items.empty()) return {};
  return items.size() == 1 ? items.front() : items[index];
}

bool one_or_each(const std::vector<std::string>& items, std::size_t urls) {
  return items.size() <= 1 || items.size() == urls;
}

/// What the profile documents and the URL leaves out.
std::string completed(std::string url, const Profile& profile) {
  const auto parsed = http::parse_url(url);
  if (!parsed) return url;
  if (parsed->target == "/") {
    while (url.ends_with('/')) url.pop_back();
    return url.append(profile.path);
  }
  const bool azure = profile.key == Profile::Key::api_key;
  if (azure && parsed->target.contains(kDeployments) && !parsed->target.contains("api-version="))
    url.append(url.contains('?') ? "&" : "?").append(kAzureApiVersion);
  return url;
}

}  // namespace

std::string Endpoint::url(std::string_view path) const {
  const std::string_view whole = base_url;
  const auto question = std::min(whole.find('?'), whole.size());
  std::string_view base = whole.substr(0, question);
  while (base.ends_with('/')) base.remove_suffix(1);
  return std::string(base).append(path).append(whole.substr(question));
}

std::string Endpoint::authority() const {
  const auto url = http::parse_url(base_url);
  if (!url) return {};
  const bool usual = url->port == (url->tls ? "443" : "80");
  return usual ? url->host : fmt::format("{}:{}", url->host, url->port);
}

std::pair<std::string, std::string> Endpoint::key_field() const {
  if (profile->key == Profile::Key::api_key) return {"api-key", api_key};
  return {"Authorization", "Bearer " + api_key};
}

std::string Endpoint::deployment() const {
  const std::string_view path = std::string_view(base_url).substr(0, base_url.find('?'));
  const auto at = path.find(kDeployments);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = path.substr(at + kDeployments.size());
  return std::string(rest.substr(0, rest.find('/')));
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

Result<std::vector<Endpoint>> endpoints_of(const EndpointSettings& settings,
                                           std::string_view setting_prefix) {
  const std::vector<std::string> urls = listed(settings.urls);
  const std::vector<std::string> keys = listed(settings.api_keys);
  const std::vector<std::string> names = listed(settings.profiles);
  if (urls.empty()) return fail(Errc::invalid_argument, fmt::format("{}-url is missing", setting_prefix));
  for (const auto& [items, setting] : {std::pair(&keys, "api-key"), std::pair(&names, "provider")}) {
    if (one_or_each(*items, urls.size())) continue;
    return fail(Errc::invalid_argument,
                fmt::format("{}-{} lists {}, there are {} URLs: give one for all of them, or one for each",
                            setting_prefix, setting, items->size(), urls.size()));
  }
  std::vector<Endpoint> endpoints;
  for (std::size_t i = 0; i < urls.size(); ++i) {
    const std::string_view name = item_of(names, i);
    const Profile* const profile = name.empty() ? &profile_of(urls[i]) : profile_named(name);
    if (profile == nullptr) {
      return fail(Errc::invalid_argument, fmt::format("{}-provider: there is no \"{}\"; known are {}",
                                                      setting_prefix, name, profile_names()));
    }
    endpoints.push_back({.base_url = completed(urls[i], *profile),
                         .model = settings.model,
                         .api_key = std::string(item_of(keys, i)),
                         .ca_file = settings.ca_file,
                         .profile = profile});
    KEFU_CHECK(check(endpoints.back(), setting_prefix));
  }
  return endpoints;
}

}  // namespace kefu::provider
