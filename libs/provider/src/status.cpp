#include <kefu/provider/status.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace kefu::provider {
namespace {

constexpr std::size_t kDetailBytes = 300;

struct Row {
  int status;
  StatusTraits traits;
};

constexpr std::string_view kRefusedKey = "refused this service's key";
constexpr std::string_view kRefused = "refused the request";
constexpr std::string_view kFailed = "failed";

constexpr std::array kTable{
    Row{401, {Errc::bad_upstream, kRefusedKey, false}},
    Row{403, {Errc::bad_upstream, kRefusedKey, false}},
    Row{413, {Errc::payload_too_large, "refused the request as too large", false}},
    Row{429, {Errc::overloaded, "is over its rate limit", true}},
    Row{500, {Errc::unavailable, kFailed, true}},
    Row{502, {Errc::unavailable, kFailed, true}},
    Row{503, {Errc::unavailable, kFailed, true}},
    Row{504, {Errc::unavailable, kFailed, true}},
};

}  // namespace

StatusTraits traits_of_status(int status) {
  const auto row = std::ranges::find(kTable, status, &Row::status);
  if (row != kTable.end()) return row->traits;
  if (status >= 500) return {Errc::unavailable, kFailed, false};
  if (status >= 400) return {Errc::bad_upstream, kRefused, false};
  return {Errc::bad_upstream, "did not answer in its protocol", false};
}

std::string_view cut_short(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; };
  while (bytes > 0 && continues(text[bytes])) --bytes;
  return text.substr(0, bytes);
}

Error error_of_status(Role role, int status, std::string_view body,
                      std::optional<std::chrono::milliseconds> retry_after) {
  const StatusTraits traits = traits_of_status(status);
  std::string hint;
  if (retry_after) {
    hint = fmt::format(", try again in {} s", std::chrono::ceil<std::chrono::seconds>(*retry_after).count());
  }
  return {traits.code, fmt::format("{} {}{}", role.noun, traits.what, hint),
          fmt::format("status {}{}: {}", status, hint, cut_short(body, kDetailBytes))};
}

}  // namespace kefu::provider
