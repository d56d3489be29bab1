#include "text_windows.hpp"

#include <kefu/text/segment.hpp>
#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace kefu::embedding {
namespace {

/// How far from its middle a text may be cut, as a share of its length.
constexpr double kWander = 0.25;

bool near_middle(std::size_t place, std::size_t length) {
  const double middle = static_cast<double>(length) / 2;
  return std::abs(static_cast<double>(place) - middle) <= kWander * static_cast<double>(length);
}

/// 0 where no sentence ends near the middle.
std::size_t sentence_end(std::string_view text) {
  const double middle = static_cast<double>(text.size()) / 2;
  std::size_t end = 0;
  std::size_t best = 0;
  for (const std::string_view sentence : text::sentences(text)) {
    end += sentence.size();
    const auto distance = [middle](std::size_t place) {
      return std::abs(static_cast<double>(place) - middle);
    };
    if (near_middle(end, text.size()) && (best == 0 || distance(end) < distance(best))) best = end;
  }
  return best;
}

/// Inside the text and between two code points; equal to its length only for a single one.
std::size_t cut_of(std::string_view text) {
  if (const std::size_t end = sentence_end(text); end > 0 && end < text.size()) return end;
  const std::size_t space = text.find(' ', text.size() / 2);
  if (space != std::string_view::npos && space + 1 < text.size() && near_middle(space, text.size()))
    return space + 1;
  const std::size_t half = text::truncate_utf8(text, text.size() / 2).size();
  if (half > 0) return half;
  std::size_t first = 1;
  while (first < text.size() && (static_cast<unsigned char>(text[first]) & 0xC0U) == 0x80U) ++first;
  return first;
}

/// What a text has alone says little of what it has behind a prefix: its first letters may join with the
/// prefix's last ones into other tokens.
bool fits(const Embedder& embedder, std::string_view text, Role role) {
  return embedder.prepare(text, role).tokens <= embedder.model().max_tokens;
}

void divide(const Embedder& embedder, std::string_view text, Role role, std::vector<std::string>& windows) {
  const std::size_t cut = cut_of(text);
  if (cut == text.size() || fits(embedder, text, role)) {
    windows.emplace_back(text);
    return;
  }
  divide(embedder, text.substr(0, cut), role, windows);
  divide(embedder, text.substr(cut), role, windows);
}

}  // namespace

std::vector<std::string> windows_of(const Embedder& embedder, std::string_view text, Role role) {
  std::vector<std::string> windows;
  divide(embedder, text, role, windows);
  return windows;
}

Result<TextVector> mean_of(const std::vector<std::shared_ptr<const TextVector>>& windows) {
  std::vector<double> sum(windows.front()->vector.size(), 0.0);
  TextVector mean;
  for (const auto& window : windows) {
    mean.tokens += window->tokens;
    // A share of what a provider counted may be 0.
    const double weight = std::max<std::uint32_t>(window->tokens, 1);
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += weight * window->vector[i];
  }
  double square = 0;
  for (const double each : sum) square += each * each;
  if (!(square > 0)) return fail(Errc::internal, "the vectors of the text's parts cancel each other");
  const double length = std::sqrt(square);
  mean.vector.reserve(sum.size());
  for (const double each : sum) mean.vector.push_back(static_cast<float>(each / length));
  return mean;
}

}  // namespace kefu::embedding
