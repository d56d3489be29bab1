#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::ingest {

struct TokenCounts {
  std::vector<std::uint32_t> counts;  ///< one for each text, in order
  std::uint32_t max_tokens = 0;       ///< of a text that the model takes whole
};

/// Seam: how long texts are for the embedding model. Any number of texts, none longer than kMaxCountedBytes.
/// Errors: `unavailable` when embedding stays away, `cancelled`.
class TokenCounter {
 public:
  static constexpr std::size_t kMaxCountedBytes = 64 << 10;

  virtual ~TokenCounter() = default;
  virtual Task<Result<TokenCounts>> count(std::vector<std::string> texts) = 0;
};

}  // namespace kefu::ingest
