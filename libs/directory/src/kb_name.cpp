#include <kefu/directory/kb_name.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <cstdint>

namespace kefu::directory {
namespace {

/// Marks are vowel signs and accents of letters.
bool may_be_in_a_name(UChar32 c) {
  return u_isalnum(c) || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0 || c == '-' || c == '_';
}

}  // namespace

Result<> check_kb_name(std::string_view name, std::string_view what) {
  const auto refuse = [&](std::string_view why) {
    return fail(Errc::invalid_argument, fmt::format("{} {}", what, why));
  };
  if (name.empty()) return refuse("is empty");
  if (!text::validate_utf8(name)) return refuse("is not valid UTF-8");
  if (text::count_code_points(name) > kLongestKbName)
    return refuse(fmt::format("is longer than {} characters", kLongestKbName));
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(name.data());
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(name.size());) {
    UChar32 c = 0;
    // NOLINTNEXTLINE(bugprone-inc-dec-in-conditions): inside ICU's macro
    U8_NEXT(bytes, i, static_cast<std::int32_t>(name.size()), c);
    if (!may_be_in_a_name(c)) return refuse("may have letters, digits, - and _ only");
  }
  return {};
}

}  // namespace kefu::directory
