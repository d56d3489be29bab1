#include "encoding.hpp"

#include "binary_files.hpp"
#include "converter.hpp"

#include <unicode/utf16.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::string_view_literals;

enum class Encoding { utf8, utf16_any, utf16_le, utf16_be, gb18030, big5, windows_1252 };

struct Known {
  Encoding encoding;
  const char* icu_name;
  std::string_view name;  ///< for people
};
constexpr std::array<Known, 7> kEncodings{{{Encoding::utf8, "UTF-8", "UTF-8"},
                                           {Encoding::utf16_any, "UTF-16LE", "UTF-16"},
                                           {Encoding::utf16_le, "UTF-16LE", "UTF-16"},
                                           {Encoding::utf16_be, "UTF-16BE", "UTF-16"},
                                           {Encoding::gb18030, "gb18030", "GB18030"},
                                           {Encoding::big5, "Big5", "Big5"},
                                           {Encoding::windows_1252, "windows-1252", "Windows-1252"}}};

constexpr std::array<std::pair<std::string_view, Encoding>, 17> kCharsets{
    {{"utf-8", Encoding::utf8},
     {"utf8", Encoding::utf8},
     {"us-ascii", Encoding::utf8},
     {"ascii", Encoding::utf8},
     {"utf-16", Encoding::utf16_any},
     {"utf16", Encoding::utf16_any},
     {"utf-16le", Encoding::utf16_le},
     {"utf-16be", Encoding::utf16_be},
     {"gb18030", Encoding::gb18030},
     {"gbk", Encoding::gb18030},
     {"gb2312", Encoding::gb18030},
     {"cp936", Encoding::gb18030},
     {"windows-936", Encoding::gb18030},
     {"big5", Encoding::big5},
     {"windows-1252", Encoding::windows_1252},
     {"iso-8859-1", Encoding::windows_1252},
     {"latin1", Encoding::windows_1252}}};

const Known& about(Encoding encoding) { return *std::ranges::find(kEncodings, encoding, &Known::encoding); }

struct Mark {
  std::string_view bytes;
  Encoding encoding;
};
constexpr std::array<Mark, 3> kByteOrderMarks{{{"\xEF\xBB\xBF"sv, Encoding::utf8},
                                               {"\xFF\xFE"sv, Encoding::utf16_le},
                                               {"\xFE\xFF"sv, Encoding::utf16_be}}};

std::optional<Mark> byte_order_mark(std::string_view bytes) {
  const auto mark = std::ranges::find_if(kByteOrderMarks,
                                         [&](const Mark& known) { return bytes.starts_with(known.bytes); });
  return mark == kByteOrderMarks.end() ? std::nullopt : std::optional(*mark);
}

/// How much a text looks like one when two bytes are taken for a UTF-16 unit.
struct Utf16Look {
  std::size_t ascii = 0;  ///< of which every text has some, if only line ends
  std::size_t strange = 0;
  std::size_t high = 0;  ///< with a byte above 0x7F
  std::size_t units = 0;
};

bool is_strange(UChar32 unit) {
  if (unit < 0x20) return unit != '\t' && unit != '\n' && unit != '\r';
  // What the ASCII characters of a text become when its bytes are swapped, as far as they are no CJK, and
  // what no file holds on purpose.
  return unit == 0x0900 || unit == 0x0A00 || unit == 0x0D00 || (unit >= 0xE000 && unit < 0xF900) ||
         unit >= 0xFFFE || (unit >= 0x7F && unit < 0xA0);
}

Utf16Look look_at_utf16(std::string_view bytes, bool big_endian) {
  constexpr std::size_t kLookedAt = 256 << 10;
  Utf16Look look;
  const std::size_t end = std::min(bytes.size(), kLookedAt) & ~std::size_t{1};
  for (std::size_t i = 0; i < end; i += 2) {
    const auto first = static_cast<unsigned char>(bytes[i]);
    const auto second = static_cast<unsigned char>(bytes[i + 1]);
    const UChar32 unit = big_endian ? (first << 8) | second : (second << 8) | first;
    look.ascii += unit < 0x7F ? 1U : 0U;
    look.strange += is_strange(unit) ? 1U : 0U;
    look.high += ((first | second) & 0x80) != 0 ? 1U : 0U;
    ++look.units;
  }
  return look;
}

/// A text in ASCII that has a NUL somewhere looks like Chinese made of pairs of letters, and of these only.
bool looks_like_text(const Utf16Look& look) {
  return look.strange == 0 && (look.ascii * 2 >= look.units || look.high * 8 >= look.units);
}

/// UTF-16 without a mark: in one order of its bytes it is text, and has more ASCII than in the other.
std::optional<Encoding> unmarked_utf16(std::string_view bytes) {
  if (bytes.size() % 2 != 0) return std::nullopt;
  const Utf16Look little = look_at_utf16(bytes, false);
  const Utf16Look big = look_at_utf16(bytes, true);
  const std::size_t ascii_little = looks_like_text(little) ? little.ascii : 0;
  const std::size_t ascii_big = looks_like_text(big) ? big.ascii : 0;
  if (ascii_little == ascii_big) return std::nullopt;
  const Encoding encoding = ascii_big > ascii_little ? Encoding::utf16_be : Encoding::utf16_le;
  const Converted converted = convert(bytes, about(encoding).icu_name, 0);
  return converted.bad_bytes.empty() ? std::optional(encoding) : std::nullopt;
}

/// Whether pairs of bytes are mostly characters that Chinese texts are made of: the 3,755 common ones and
/// punctuation. Western texts in one byte a letter, and Chinese ones in Big5, are valid too but not that.
bool looks_like_gb18030(std::string_view bytes) {
  std::size_t pairs = 0;
  std::size_t common = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    const auto lead = static_cast<unsigned char>(bytes[i]);
    if (lead < 0x80) continue;
    const auto trail = static_cast<unsigned char>(bytes[++i]);
    if (trail >= '0' && trail <= '9') {  // four bytes
      i += 2;
      continue;
    }
    ++pairs;
    const bool is_common = lead == 0xA1 || lead == 0xA3 || (lead >= 0xB0 && lead <= 0xD7);
    common += is_common && trail >= 0xA1 ? 1U : 0U;
  }
  return common > 0 && common * 10 >= pairs * 6;
}

std::size_t multibyte_characters(std::string_view bytes, const Converted& inspected) {
  const auto begins_one = [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0xC0; };
  const auto leads = static_cast<std::size_t>(std::ranges::count_if(bytes, begins_one));
  return leads - std::min(leads, inspected.bad_bytes.size());
}

std::unexpected<Error> in_no_encoding(std::size_t offset) {
  return fail(
      Errc::invalid_argument,
      "the file is in none of the encodings that are found out, which are UTF-8, UTF-16 and GB18030 "
      "(the byte at offset " +
          std::to_string(offset) +
          " is the first that is not UTF-8): save it as UTF-8, or name its charset in the content type");
}

std::unexpected<Error> holds_a_nul(std::size_t offset) {
  return fail(Errc::invalid_argument, "the file holds a NUL byte at offset " + std::to_string(offset) +
                                          ": it is a binary file, not text");
}

Result<DecodedText> decode_as(Encoding encoding, std::string_view bytes, std::size_t offset) {
  const Known& known = about(encoding);
  const std::string_view text = bytes.substr(offset);
  const bool is_utf8 = encoding == Encoding::utf8;
  Converted converted = is_utf8 ? inspect_utf8(text, offset) : convert(text, known.icu_name, offset);
  if (!mostly_sound(converted)) {
    return fail(Errc::invalid_argument, "the file is not " + std::string(known.name) +
                                            ": the byte at offset " +
                                            std::to_string(converted.bad_bytes.front().file_offset) +
                                            " is the first of many that are not");
  }
  if (is_utf8) return DecodedText(text, std::string(known.name), std::move(converted.bad_bytes));
  return DecodedText(std::move(converted.text), std::string(known.name), std::move(converted.bad_bytes));
}

Result<DecodedText> decode_as_said(std::string_view charset, std::string_view bytes) {
  const auto known = std::ranges::find(kCharsets, charset, &std::pair<std::string_view, Encoding>::first);
  if (known == kCharsets.end()) {
    return fail(Errc::invalid_argument, "the charset \"" + std::string(charset) +
                                            "\" is not read: utf-8, utf-16, gb18030 (gbk, gb2312), big5 and "
                                            "windows-1252 are");
  }
  const auto mark = byte_order_mark(bytes);
  if (!mark) return decode_as(known->second, bytes, 0);
  if (about(known->second).name != about(mark->encoding).name) {
    return fail(Errc::invalid_argument, "the content type says charset=" + std::string(charset) +
                                            ", but the file begins with the byte order mark of " +
                                            std::string(about(mark->encoding).name));
  }
  return decode_as(mark->encoding, bytes, mark->bytes.size());
}

/// Nothing is said and no mark is there.
Result<DecodedText> decode_by_looks(std::string_view bytes) {
  if (const std::size_t nul = bytes.find('\0'); nul != std::string_view::npos) {
    if (const auto utf16 = unmarked_utf16(bytes)) return decode_as(*utf16, bytes, 0);
    return holds_a_nul(nul);
  }
  Converted inspected = inspect_utf8(bytes, 0);
  if (!inspected.bad_bytes.empty()) {
    const std::size_t first_bad = inspected.bad_bytes.front().file_offset;
    const std::size_t bad = inspected.bad_bytes.size();
    // Chinese in UTF-8 often passes for GB18030, too; the other way round hardly ever does.
    const bool is_utf8 = multibyte_characters(bytes, inspected) >= 4 * bad;
    if (!is_utf8 && looks_like_gb18030(bytes)) return decode_as(Encoding::gb18030, bytes, 0);
    if (!mostly_sound(inspected)) return in_no_encoding(first_bad);
  }
  return DecodedText(bytes, std::string(about(Encoding::utf8).name), std::move(inspected.bad_bytes));
}

}  // namespace

Result<DecodedText> decode(std::string_view bytes, std::string_view charset) {
  if (auto complaint = known_binary_file(bytes)) return fail(Errc::invalid_argument, std::move(*complaint));
  if (bytes.starts_with("\xFF\xFE\0\0"sv) || bytes.starts_with("\0\0\xFE\xFF"sv))
    return fail(Errc::invalid_argument, "the file is in UTF-32, which is not read: save it as UTF-8");
  const auto mark = byte_order_mark(bytes);
  auto decoded = !charset.empty() ? decode_as_said(charset, bytes)
                 : mark           ? decode_as(mark->encoding, bytes, mark->bytes.size())
                                  : decode_by_looks(bytes);
  if (!decoded) return decoded;
  // In UTF-16 a NUL byte is half of a letter, so this is asked of the text.
  if (const std::size_t nul = decoded->text().find('\0'); nul != std::string_view::npos) {
    return holds_a_nul(nul);
  }
  return decoded;
}

}  // namespace kefu::ingest
