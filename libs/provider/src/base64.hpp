#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kefu::provider {

/// RFC 4648, section 4; padding may be left out. nullopt for anything else.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace kefu::provider
