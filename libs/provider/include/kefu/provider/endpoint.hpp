#pragma once

#include <kefu/base/error.hpp>
#include <kefu/provider/profile.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kefu::provider {

/// One model at one address.
struct Endpoint {
  /// Up to and including the version: https://host/v1. A query is kept: https://host/v1?tenant=7.
  std::string base_url = {};
  std::string model = {};    ///< its name there
  std::string api_key = {};  ///< empty: none is sent. A secret: in no log line, message or detail
  std::string ca_file = {};  ///< PEM of the authorities trusted; empty: the system's
  const Profile* profile = &generic_profile();

  /// `path` begins with a slash and goes before the query.
  std::string url(std::string_view path) const;
  /// Host and port, the port only where it is not the scheme's own. Only for an endpoint that check() passed.
  std::string authority() const;
  /// Name and value of the field that carries the key.
  std::pair<std::string, std::string> key_field() const;
  /// The NAME of Azure's /deployments/NAME/, which decides about the model whatever the request says; empty
  /// where the path has none.
  std::string deployment() const;
};

/// Errors: `invalid_argument`, naming the setting with its prefix: "llm-url: ..." for "llm".
Result<> check(const Endpoint& endpoint, std::string_view setting_prefix);

/// One model at one or several addresses, as settings have them.
struct EndpointSettings {
  std::string urls = {};      ///< comma separated, in order of preference; empty: no model
  std::string model = {};     ///< its name at all of them
  std::string api_keys = {};  ///< none, one for all, or one for each URL, comma separated
  std::string ca_file = {};   ///< for all of them
  std::string profiles = {};  ///< none (then by the hosts), one for all, or one for each URL
};

/// One endpoint for each URL, with profile, path and Azure's api-version filled in. Not empty.
/// Errors: `invalid_argument`, naming the setting with its prefix.
Result<std::vector<Endpoint>> endpoints_of(const EndpointSettings& settings, std::string_view setting_prefix);

}  // namespace kefu::provider
