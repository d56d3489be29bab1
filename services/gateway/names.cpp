#include "names.hpp"

#include <kefu/text/utf8.hpp>

#include <string>

namespace kefu::gateway {
namespace {

/// C0, DEL, and the C1 block (U+0080 to U+009F), which is C2 80 to C2 9F in UTF-8.
bool has_control_character(std::string_view utf8) {
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < utf8.size() && static_cast<unsigned char>(utf8[i + 1]) < 0xA0) return true;
  }
  return false;
}

}  // namespace

Result<> validate_name(std::string_view what, std::string_view name, std::size_t max_bytes) {
  const auto refuse = [&](const std::string& why) {
    return fail(Errc::invalid_argument, std::string(what) + " " + why);
  };
  if (name.empty()) return refuse("is empty");
  if (name.size() > max_bytes) return refuse("is longer than " + std::to_string(max_bytes) + " bytes");
  if (!text::validate_utf8(name)) return refuse("is not valid UTF-8");
  if (name.find('/') != std::string_view::npos) return refuse("must not contain '/'");
  if (has_control_character(name)) return refuse("must not contain control characters");
  return {};
}

Result<> validate_filename(std::string_view name) {
  if (name == "." || name == "..")
    return fail(Errc::invalid_argument, "the filename must not be \".\" or \"..\"");
  return validate_name("the filename", name, 255);
}

}  // namespace kefu::gateway
