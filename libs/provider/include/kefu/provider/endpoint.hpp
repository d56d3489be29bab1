#pragma once

#include <kefu/base/error.hpp>

#include <string>
#include <string_view>

namespace kefu::provider {

/// One model at one address.
struct Endpoint {
  std::string base_url = {};  ///< up to and including the version: https://host/v1
  std::string model = {};     ///< its name there
  std::string api_key = {};   ///< empty: no Authorization header. A secret: in no log line, message or detail
  std::string ca_file = {};   ///< PEM of the authorities trusted; empty: the system's

  /// `path` begins with a slash.
  std::string url(std::string_view path) const;
  /// Host and port, the port only where it is not the scheme's own. Only for an endpoint that check() passed.
  std::string authority() const;
};

/// Errors: `invalid_argument`, naming the setting with its prefix: "llm-url: ..." for "llm".
Result<> check(const Endpoint& endpoint, std::string_view setting_prefix);

}  // namespace kefu::provider
