// A form gives the same parts however it is cut, and a file that is put into one comes out again.
#include "multipart.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace kefu::gateway;

void require(bool condition) {
  if (!condition) std::abort();
}

/// Everything that came out, and whether it was a whole form.
struct Parsed {
  std::string text;
  bool whole = false;
  bool operator==(const Parsed&) const = default;
};

Parsed parse(std::string_view form, std::size_t piece) {
  MultipartParser parser("b");
  Parsed out;
  for (std::size_t at = 0; at < form.size(); at += piece) {
    const auto events = parser.feed(form.substr(at, piece));
    if (!events) return {};  // what came before the error depends on the cut
    for (const auto& event : *events) {
      using Kind = MultipartParser::EventKind;
      if (event.kind == Kind::part)
        out.text +=
            "[" + event.part.name + "|" + event.part.filename.value_or("-") + "|" + event.part.content_type;
      if (event.kind == Kind::data) out.text += event.data;
      if (event.kind == Kind::part_end) out.text += "]";
    }
  }
  out.whole = parser.finish().has_value();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 100'000) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  require(parse(text, size) == parse(text, 1U + data[0] % 8U));

  const bool holds_boundary = ("\r\n" + text).find("\r\n--b") != std::string::npos;
  if (holds_boundary) return 0;
  const std::string head = "Content-Disposition: form-data; name=f; filename=a\r\n\r\n";
  const Parsed back = parse("--b\r\n" + head + text + "\r\n--b--", 1U + data[0] % 8U);
  require(back.whole && back.text == "[f|a|" + text + "]");
  return 0;
}
