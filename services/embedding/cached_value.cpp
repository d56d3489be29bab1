#include "cached_value.hpp"

#include <kefu/vector/codec.hpp>

#include <bit>
#include <cstring>

namespace kefu::embedding {
namespace {

static_assert(std::endian::native == std::endian::little, "numbers are stored as they lie in memory");

constexpr std::uint8_t kVersion = 2;
constexpr auto kFormat = kefu::v1::VECTOR_FORMAT_FLOAT16;

struct Header {
  std::uint8_t version;
  std::uint8_t format;
  std::uint16_t dimensions;
  std::uint32_t tokens;
  std::uint32_t written;  // which suffices until 2106
};
static_assert(sizeof(Header) == 12);
using Checksum = std::uint64_t;

/// The key is part of it: a whole value under another text's key is no answer.
Checksum checksum(std::string_view key, std::string_view bytes) {
  Checksum hash = 0xcbf29ce484222325;
  for (const std::string_view part : {key, bytes}) {
    for (const char c : part) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

std::string encode_cached_value(std::string_view key, const DatedVector& dated) {
  const TextVector& value = dated.value;
  const Header header{kVersion, static_cast<std::uint8_t>(kFormat),
                      static_cast<std::uint16_t>(value.vector.size()), value.tokens,
                      static_cast<std::uint32_t>(dated.written.time_since_epoch().count())};
  std::string bytes(sizeof header, '\0');
  std::memcpy(bytes.data(), &header, sizeof header);
  bytes += vector::encode(value.vector, kFormat);
  const Checksum sum = checksum(key, bytes);
  bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return bytes;
}

std::optional<DatedVector> decode_cached_value(std::string_view key, std::string_view bytes,
                                               std::size_t dimensions) {
  if (bytes.size() < sizeof(Header) + sizeof(Checksum)) return std::nullopt;
  Header header{};
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.version != kVersion || header.format != kFormat || header.dimensions != dimensions)
    return std::nullopt;
  const std::string_view content = bytes.substr(0, bytes.size() - sizeof(Checksum));
  Checksum sum = 0;
  std::memcpy(&sum, bytes.data() + content.size(), sizeof sum);
  if (sum != checksum(key, content)) return std::nullopt;
  auto components = vector::decode(content.substr(sizeof header), kFormat, dimensions);
  if (!components || !vector::normalize_length(*components)) return std::nullopt;
  return DatedVector{{std::move(*components), header.tokens},
                     std::chrono::sys_seconds(std::chrono::seconds(header.written))};
}

Vector as_kept(const Vector& vector) {
  auto kept = vector::decode(vector::encode(vector, kFormat), kFormat, vector.size());
  // Of length 1, so in the range of float16.
  if (!kept || !vector::normalize_length(*kept)) return vector;
  return *std::move(kept);
}

}  // namespace kefu::embedding
