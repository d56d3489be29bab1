#pragma once

#include "kefu/v1/access.pb.h"

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// The body of POST /v1/keys, as a record without id, secret and maker, created at `now_unix_ms`. Errors:
/// `invalid_argument`, naming the field.
Result<kefu::v1::ApiKey> parse_key_request(std::string_view body, std::int64_t now_unix_ms);

/// The reply to it: the only place where the secret is ever shown.
std::string created_key_json(const kefu::v1::ApiKey& key, const std::string& secret);
std::string keys_json(const std::vector<kefu::v1::ApiKey>& keys);

}  // namespace kefu::gateway
