// Any bytes as a file of one format: whatever a parser passes on must be text that a passage can hold.
#include "extraction/format.hpp"

#include <kefu/text/utf8.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

using namespace kefu;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_text(std::string_view text) { require(!text.empty() && text::validate_utf8(text).has_value()); }

class CheckingSink final : public ingest::ExtractionSink {
 public:
  void take(ingest::extraction::FaqRow row) override {
    require_text(row.question());
    require_text(row.answer());
    for (const auto& phrasing : row.similar()) require_text(phrasing);
    require(text::validate_utf8(row.id()).has_value() && text::validate_utf8(row.category()).has_value());
  }
  void take(ingest::extraction::Document document) override {
    require(text::validate_utf8(document.title()).has_value());
    for (const auto& block : document.blocks()) {
      require_text(block.text());
      require(text::validate_utf8(block.heading()).has_value());
    }
  }
  void reject(std::uint32_t, std::string, std::string reason) override { require_text(reason); }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  CheckingSink sink;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto outcome = ingest::extract({ingest::Format::KEFU_FUZZED_FORMAT, ""}, bytes, sink);
  if (!outcome) require_text(outcome.error().message);
  return 0;
}
