#pragma once

#include "kefu/v1/access.pb.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::gateway {

/// A new secret: `kefu_` and 32 bytes of the system's random source as 43 characters of base64url.
std::string new_secret();

/// What is stored of a secret, and what it is looked up by: 32 bytes of SHA-256. Whoever guesses at secrets
/// learns nothing from how long a look-up takes, since the hash of a guess tells nothing about a better one.
/// It needs neither salt nor stretching: nobody goes through 2^256 secrets.
std::string secret_hash(std::string_view secret);

/// Takes as long for any two of the same size.
bool equal_hashes(std::string_view a, std::string_view b);

enum class KeyState { usable, expired, revoked };
KeyState state_of(const kefu::v1::ApiKey& key, std::int64_t now_unix_ms);

/// Of the role manage and limited to no knowledge base: only such keys make and revoke keys.
bool manages_everything(const kefu::v1::ApiKey& key);

}  // namespace kefu::gateway
