#include "text_key.hpp"

#include <kefu/base/ids.hpp>

#include <fmt/format.h>

#include <cstring>

namespace kefu::embedding {

TextKey TextKey::of(std::string_view scope, std::string_view normalized_text) {
  std::string whole;
  whole.reserve(scope.size() + normalized_text.size());
  whole.append(scope).append(normalized_text);
  const auto hash = sha256(whole);
  TextKey key;
  static_assert(sizeof key.digest <= sizeof hash);
  std::memcpy(key.digest.data(), hash.data(), sizeof key.digest);
  return key;
}

std::string TextKey::hex() const { return fmt::format("{:016x}{:016x}", digest[0], digest[1]); }

}  // namespace kefu::embedding
