// Any bytes as a file of one format, in an encoding to be found out or a named one: whatever a parser passes
// on must be text that a passage can hold, also after its way to the parent.
#include "extraction/format.hpp"
#include "extraction/wire.hpp"

#include <kefu/text/utf8.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace kefu;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_valid(std::string_view text) { require(text::validate_utf8(text).has_value()); }

void require_text(std::string_view text) {
  require(!text.empty());
  require_valid(text);
}

void check(const ingest::extraction::FaqRow& row) {
  require_text(row.question());
  require_text(row.answer());
  for (const auto& phrasing : row.similar()) require_text(phrasing);
  require_valid(row.id());
  require_valid(row.category());
}

void check(const ingest::extraction::Document& document) {
  require_valid(document.id());
  require_valid(document.title());
  require_valid(document.url());
  require(document.blocks_size() > 0);
  for (const auto& block : document.blocks()) {
    require_text(block.text());
    require_valid(block.heading());
  }
}

/// The first byte of the input chooses.
constexpr std::array<const char*, 8> kCharsets{"",         "",        "utf-8", "utf-16",
                                               "utf-16be", "gb18030", "big5",  "windows-1252"};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  ingest::ItemReader reader("file");
  ingest::ItemWriter writer([&](std::string_view piece) { require(reader.feed(piece).has_value()); });
  writer.finish(ingest::extract({ingest::Format::KEFU_FUZZED_FORMAT, kCharsets[data[0] % kCharsets.size()]},
                                bytes, writer));
  require(reader.finished());
  const auto extraction = reader.take();
  if (!extraction) {
    require_text(extraction.error().message);
    return 0;
  }
  for (const auto& entry : extraction->entries) std::visit([](const auto& item) { check(item); }, entry);
  for (const auto& rejection : extraction->rejections.kept()) {
    require_text(rejection.reason());
    require_valid(rejection.field());
  }
  return 0;
}
