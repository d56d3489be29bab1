// A stream gives the same events however it is cut, and what format_sse() writes is read back.
#include <kefu/http/sse.hpp>

#include <cstdlib>
#include <string_view>

namespace {

using namespace kefu::http;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<SseEvent> parse(std::string_view text, std::size_t piece) {
  SseParser parser;
  std::vector<SseEvent> all;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    auto events = parser.feed(text.substr(at, piece));
    require(events.has_value());
    all.insert(all.end(), events->begin(), events->end());
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 100'000) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = parse(text, size);
  const auto pieces = parse(text, 1U + data[0] % 8U);
  require(whole.size() == pieces.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    require(whole[i].event == pieces[i].event && whole[i].data == pieces[i].data);
  }
  const auto again = parse(format_sse(text, text), size);
  require(again.size() == 1);
  require(again[0].data.find('\r') == std::string::npos);
  return 0;
}
