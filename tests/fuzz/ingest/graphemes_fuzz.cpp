// Any text, cut at any length: the pieces are the text, and each cut is one of ICU's boundaries of the whole
// text where the piece holds any.
#include "extraction/graphemes.hpp"
#include "extraction/long_blocks.hpp"

#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kefu;
  if (size < 2) return 0;
  std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  text = text.substr(0, text::valid_utf8_prefix(text));
  const std::size_t max_bytes = 1 + data[0];
  std::string all;
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view piece = ingest::grapheme_prefix(rest, max_bytes);
    require(!piece.empty() && (piece.size() <= max_bytes || text::count_code_points(piece) == 1));
    require(text::validate_utf8(piece).has_value());
    all += piece;
    rest.remove_prefix(piece.size());
  }
  require(all == text);
  ingest::extraction::Block block;
  block.set_kind(static_cast<ingest::extraction::Block::Kind>(data[1] % 4));
  block.set_text(std::string(text));
  const std::size_t block_bytes = 16 + max_bytes;
  for (const auto& part : ingest::divide_long_block(std::move(block), block_bytes)) {
    require(part.text().size() <= block_bytes && text::validate_utf8(part.text()).has_value());
  }
  return 0;
}
