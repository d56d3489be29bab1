#pragma once

#include "decoded_text.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::ingest {

struct Converted {
  std::string text;  ///< UTF-8, with the byte 0xFF where something could not be decoded
  std::vector<DecodedText::BadByte> bad_bytes;
  std::size_t characters = 0;
};

/// Converts to UTF-8 with ICU. `encoding` is a name that ICU knows; `offset` is where `bytes` begin in their
/// file. It stops after so many bad bytes that the file is in another encoding.
Converted convert(std::string_view bytes, const char* encoding, std::size_t offset);

/// The same for what is, or should be, UTF-8 already: only finds the bad bytes; `text` stays empty.
Converted inspect_utf8(std::string_view bytes, std::size_t offset);

/// True when there are so few bad bytes that the rest is worth reading.
bool mostly_sound(const Converted& converted);

}  // namespace kefu::ingest
