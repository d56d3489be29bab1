#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/message.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// Keeps web pages out while no API key is asked for: a page on another origin sends a foreign `Origin`, and
/// a page whose name was made to point here (DNS rebinding) sends its own name as `Host`.
class AccessRule {
 public:
  /// `allowed_hosts`: names separated by commas, beside the loopback ones.
  explicit AccessRule(std::string_view allowed_hosts);

  /// Errors: `permission_denied`.
  Result<> check(const http::Fields& fields) const;

 private:
  bool allows_host(std::string_view host) const;

  std::vector<std::string> allowed_;
};

}  // namespace kefu::gateway
