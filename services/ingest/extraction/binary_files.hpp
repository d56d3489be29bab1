#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kefu::ingest {

/// What kind of file this is when it is a well-known one that holds no plain text, as a whole complaint
/// ("this is a PDF file, not text: ..."); nullopt for everything else.
std::optional<std::string> known_binary_file(std::string_view bytes);

}  // namespace kefu::ingest
