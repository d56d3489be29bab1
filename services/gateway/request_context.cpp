#include "request_context.hpp"

#include <kefu/base/ids.hpp>

#include <algorithm>
#include <string_view>

namespace kefu::gateway {
namespace {

bool is_safe(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
         c == '.' || c == ':';
}

/// W3C Trace Context, version 00: 00-<32 hex>-<16 hex>-<2 hex>.
bool is_traceparent(std::string_view text) {
  if (text.size() != 55) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 2 || i == 35 || i == 52;
    const bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !hex) return false;
  }
  return true;
}

}  // namespace

std::string request_id_of(const http::Fields& fields) {
  const std::string_view given = fields.get("X-Request-Id");
  if (!given.empty() && given.size() <= 128 && std::ranges::all_of(given, is_safe)) return std::string(given);
  return random_id();
}

RequestContext context_of(const http::Fields& fields, std::chrono::milliseconds time_limit) {
  const std::string_view traceparent = fields.get("traceparent");
  return RequestContext{
      .request_id = request_id_of(fields),
      .deadline = Deadline::in(time_limit),
      .traceparent = is_traceparent(traceparent) ? std::string(traceparent) : std::string{}};
}

}  // namespace kefu::gateway
