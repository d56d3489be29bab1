#include "simplified.hpp"

#include <unicode/translit.h>
#include <unicode/unistr.h>

#include <array>
#include <cstddef>
#include <memory>
#include <stdexcept>

namespace kefu::text {
namespace {

// All of these have three bytes in UTF-8.
constexpr char16_t kFirst = 0x3400;
constexpr char16_t kLast = 0x9FFF;
using Table = std::array<char16_t, kLast - kFirst + 1>;

constexpr std::size_t index_of(char16_t c) { return static_cast<std::size_t>(c) - kFirst; }
constexpr bool is_mapped(char16_t c) { return c >= kFirst && c <= kLast; }

/// What ICU's transliterator makes of every character. Asking it for each text would take 120 ms for a
/// mebibyte.
Table read_table() {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<icu::Transliterator> to_simplified(
      icu::Transliterator::createInstance("Traditional-Simplified", UTRANS_FORWARD, status));
  if (U_FAILURE(status) || to_simplified == nullptr)
    throw std::runtime_error("ICU has no data for Traditional-Simplified");
  icu::UnicodeString all;
  for (char16_t c = kFirst; c <= kLast; ++c)
    all.append(c).append(u' ');  // apart, so that no rule sees two of them
  to_simplified->transliterate(all);
  Table table{};
  if (all.length() != static_cast<std::int32_t>(2 * table.size()))
    throw std::runtime_error("ICU makes other than one character of one in Traditional-Simplified");
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto own = static_cast<char16_t>(kFirst + i);
    table[i] = own;
    const auto position = static_cast<std::int32_t>(2 * i);
    if (is_mapped(all.charAt(position))) table[i] = all.charAt(position);
  }
  for (char16_t& c : table) c = table[index_of(c)];  // some are simplified in two steps
  return table;
}

const Table& table() {
  static const Table instance = read_table();
  return instance;
}

unsigned byte_at(const std::string& text, std::size_t i) { return static_cast<unsigned char>(text[i]); }

}  // namespace

void fold_to_simplified(std::string& utf8) {
  for (std::size_t i = 0; i + 2 < utf8.size(); ++i) {
    const unsigned lead = byte_at(utf8, i);
    if (lead < 0xE3 || lead > 0xE9) continue;
    const auto c = static_cast<char16_t>(((lead & 0x0FU) << 12U) | ((byte_at(utf8, i + 1) & 0x3FU) << 6U) |
                                         (byte_at(utf8, i + 2) & 0x3FU));
    if (is_mapped(c)) {
      const unsigned simple = table()[index_of(c)];
      utf8[i] = static_cast<char>(0xE0U | (simple >> 12U));
      utf8[i + 1] = static_cast<char>(0x80U | ((simple >> 6U) & 0x3FU));
      utf8[i + 2] = static_cast<char>(0x80U | (simple & 0x3FU));
    }
    i += 2;
  }
}

}  // namespace kefu::text
