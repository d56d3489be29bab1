#pragma once

#include <string_view>

namespace kefu::provider {

/// What a provider is to us: a label of metrics, and what error messages call it.
struct Role {
  std::string_view label;
  std::string_view noun;
};

inline constexpr Role kEmbedding{.label = "embedding", .noun = "the embedding provider"};
inline constexpr Role kLlm{.label = "llm", .noun = "the language model"};

}  // namespace kefu::provider
