#include "query.hpp"

#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace kefu::gateway {

Result<> allow_only(const http::RequestHead& head, std::span<const std::string_view> names) {
  for (const auto& [name, value] : head.query) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const std::string_view shown = std::string_view(name).substr(0, text::valid_utf8_prefix(name));
    return fail(Errc::invalid_argument,
                fmt::format("unknown query parameter \"{}\"", text::truncate_utf8(shown, 64)));
  }
  return {};
}

std::optional<std::string> query_parameter(const http::RequestHead& head, const char* name) {
  const auto found = head.query.find(name);
  if (found == head.query.end()) return std::nullopt;
  return found->second;
}

Result<std::uint64_t> query_integer(const http::RequestHead& head, const char* name, std::uint64_t least,
                                    std::uint64_t most, std::uint64_t otherwise) {
  const auto text = query_parameter(head, name);
  if (!text) return otherwise;
  std::uint64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error == std::errc{} && stop == end && !text->empty() && number >= least && number <= most)
    return number;
  return fail(
      Errc::invalid_argument,
      fmt::format("the query parameter \"{}\" must be a whole number from {} to {}", name, least, most));
}

}  // namespace kefu::gateway
