#include "request_body.hpp"

namespace kefu::gateway {
namespace {

Result<> require_json(const http::RequestHead& head) {
  if (http::media_type(head.fields.get("Content-Type")) == "application/json") return {};
  return fail(Errc::unsupported_media, "the content type must be application/json");
}

}  // namespace

Task<Result<std::string>> read_json_body(http::Exchange& exchange, std::size_t limit) {
  KEFU_CO_CHECK(require_json(exchange.head()));
  co_return co_await exchange.read_body(limit);
}

Task<Result<std::string>> read_optional_json_body(http::Exchange& exchange, std::size_t limit) {
  if (!exchange.head().fields.get("Content-Type").empty()) KEFU_CO_CHECK(require_json(exchange.head()));
  KEFU_CO_TRY(std::string body, co_await exchange.read_body(limit));
  if (!body.empty()) KEFU_CO_CHECK(require_json(exchange.head()));
  co_return body;
}

}  // namespace kefu::gateway
