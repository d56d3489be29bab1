#include "decoded_text.hpp"

#include <algorithm>

namespace kefu::ingest {

std::optional<std::string> DecodedText::complaint(std::string_view piece) const {
  const auto begin = static_cast<std::size_t>(piece.data() - text().data());
  const auto found = std::ranges::lower_bound(bad_bytes_, begin, {}, &BadByte::position);
  if (found == bad_bytes_.end() || found->position >= begin + piece.size()) return std::nullopt;
  return describe(*found);
}

std::optional<std::string> DecodedText::complaint() const {
  if (bad_bytes_.empty()) return std::nullopt;
  const auto line = 1 + std::ranges::count(text().substr(0, bad_bytes_.front().position), '\n');
  return "line " + std::to_string(line) + ": " + describe(bad_bytes_.front());
}

std::string DecodedText::describe(const BadByte& bad_byte) const {
  return "the byte at offset " + std::to_string(bad_byte.file_offset) + " is not " + encoding_;
}

}  // namespace kefu::ingest
