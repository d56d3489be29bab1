#include "converter.hpp"

#include <unicode/ucnv.h>
#include <unicode/utf16.h>
#include <unicode/utf8.h>

#include <array>
#include <memory>
#include <stdexcept>

namespace kefu::ingest {
namespace {

constexpr char kBadByteMark = '\xFF';
// A file with more is in another encoding, however long it is.
constexpr std::size_t kMostBadBytes = 100'000;

void append_code_point(std::string& out, UChar32 code_point) {
  std::array<char, U8_MAX_LENGTH> bytes{};
  std::size_t length = 0;
  UBool failed = false;
  U8_APPEND(bytes.data(), length, bytes.size(), code_point, failed);
  if (!failed) out.append(bytes.data(), length);
}

/// Feeds a file through one of ICU's converters, which stops at each sequence that it cannot decode.
class Conversion {
 public:
  Conversion(std::string_view bytes, const char* encoding, std::size_t offset)
      : begin_(bytes.data()), next_(bytes.data()), end_(bytes.data() + bytes.size()), offset_(offset) {
    UErrorCode status = U_ZERO_ERROR;
    converter_.reset(ucnv_open(encoding, &status));
    ucnv_setToUCallBack(converter_.get(), UCNV_TO_U_CALLBACK_STOP, nullptr, nullptr, nullptr, &status);
    if (U_FAILURE(status)) throw std::runtime_error("ICU lacks an encoding that Kefu reads");
    out_.text.reserve(bytes.size() + bytes.size() / 2);
  }

  Converted run() {
    while (step() && out_.bad_bytes.size() < kMostBadBytes) continue;
    return std::move(out_);
  }

 private:
  /// False when everything is converted.
  bool step() {
    UErrorCode status = U_ZERO_ERROR;
    UChar* target = units_.data();
    ucnv_toUnicode(converter_.get(), &target, units_.data() + units_.size(), &next_, end_, nullptr, true,
                   &status);
    take({units_.data(), static_cast<std::size_t>(target - units_.data())});
    if (status == U_BUFFER_OVERFLOW_ERROR) return true;
    if (U_SUCCESS(status)) return false;
    mark_bad_byte();
    return next_ != end_;
  }

  void take(std::u16string_view units) {
    for (std::size_t i = 0; i < units.size();) {
      UChar32 code_point = units[i++];
      if (pending_lead_ != 0) {
        code_point = U16_GET_SUPPLEMENTARY(pending_lead_, code_point);
        pending_lead_ = 0;
      } else if (U16_IS_LEAD(code_point)) {  // its other half may come with the next step
        pending_lead_ = static_cast<char16_t>(code_point);
        continue;
      }
      append_code_point(out_.text, code_point);
      ++out_.characters;
    }
  }

  void mark_bad_byte() {
    std::array<char, 32> invalid{};
    auto length = static_cast<std::int8_t>(invalid.size());
    UErrorCode status = U_ZERO_ERROR;
    ucnv_getInvalidChars(converter_.get(), invalid.data(), &length, &status);
    const auto consumed = static_cast<std::size_t>(next_ - begin_);
    out_.bad_bytes.push_back(
        {.position = out_.text.size(), .file_offset = offset_ + consumed - static_cast<std::size_t>(length)});
    out_.text.push_back(kBadByteMark);
    // A truncated sequence at the end of the file leaves the converter in the middle of it.
    if (next_ == end_) ucnv_resetToUnicode(converter_.get());
  }

  struct Close {
    void operator()(UConverter* converter) const { ucnv_close(converter); }
  };

  const char* begin_;
  const char* next_;
  const char* end_;
  std::size_t offset_;
  std::unique_ptr<UConverter, Close> converter_;
  std::array<UChar, 16 << 10> units_{};
  char16_t pending_lead_ = 0;
  Converted out_;
};

}  // namespace

Converted convert(std::string_view bytes, const char* encoding, std::size_t offset) {
  return Conversion(bytes, encoding, offset).run();
}

Converted inspect_utf8(std::string_view bytes, std::size_t offset) {
  Converted out;
  for (std::size_t i = 0; i < bytes.size() && out.bad_bytes.size() < kMostBadBytes; ++out.characters) {
    const std::size_t start = i;
    UChar32 code_point = 0;
    // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside ICU's macro
    U8_NEXT(bytes.data(), i, bytes.size(), code_point);
    if (code_point < 0) out.bad_bytes.push_back({.position = start, .file_offset = offset + start});
  }
  return out;
}

bool mostly_sound(const Converted& converted) {
  constexpr std::size_t kFew = 2;
  constexpr std::size_t kCharactersForEach = 50;
  const std::size_t bad = converted.bad_bytes.size();
  return bad <= kFew || (bad < kMostBadBytes && bad * kCharactersForEach <= converted.characters);
}

}  // namespace kefu::ingest
