#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace kefu::embedding {

/// Names a text as one model embeds it in one role: the first 128 bits of a SHA-256, so that nobody can find
/// a text that passes for another one, and every bit is as good a hash as any other.
struct TextKey {
  std::array<std::uint64_t, 2> digest{};

  /// Of `scope`, which tells models and roles apart and ends with what no scope has within, and the text.
  static TextKey of(std::string_view scope, std::string_view normalized_text);
  /// 32 hexadecimal digits.
  std::string hex() const;

  bool operator==(const TextKey&) const = default;
};

struct TextKeyHash {
  std::size_t operator()(const TextKey& key) const { return key.digest[0]; }
};

}  // namespace kefu::embedding
