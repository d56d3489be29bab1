#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::ingest {

/// A file's text as UTF-8, which remembers the bytes that could not be decoded. At their places the text is
/// not valid: whoever takes a piece of it asks for a complaint first.
class DecodedText {
 public:
  /// An undecodable byte; `position` is where it stands in text().
  struct BadByte {
    std::size_t position = 0;
    std::size_t file_offset = 0;
  };

  /// A text that is a part of its file. `bytes` outlives this.
  DecodedText(std::string_view bytes, std::string encoding, std::vector<BadByte> bad_bytes)
      : bytes_(bytes), encoding_(std::move(encoding)), bad_bytes_(std::move(bad_bytes)) {}
  /// A text that was converted.
  DecodedText(std::string converted, std::string encoding, std::vector<BadByte> bad_bytes)
      : converted_(std::move(converted)), encoding_(std::move(encoding)), bad_bytes_(std::move(bad_bytes)) {}

  std::string_view text() const { return converted_ ? std::string_view(*converted_) : bytes_; }
  /// About the first undecodable byte in `piece`, which is a view into text(); nullopt for a sound one.
  std::optional<std::string> complaint(std::string_view piece) const;
  /// The same for the whole text, naming the line too.
  std::optional<std::string> complaint() const;

 private:
  std::string describe(const BadByte& bad_byte) const;

  std::string_view bytes_;
  std::optional<std::string> converted_;
  std::string encoding_;
  std::vector<BadByte> bad_bytes_;  // in order
};

}  // namespace kefu::ingest
