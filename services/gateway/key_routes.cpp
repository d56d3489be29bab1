#include "key_routes.hpp"

#include "api_key.hpp"
#include "json_text.hpp"
#include "key_json.hpp"
#include "request_body.hpp"

#include <kefu/base/ids.hpp>

#include <utility>

namespace kefu::gateway {
namespace {

/// A stored record is looked at by every replica; nobody makes so many by hand.
constexpr std::size_t kMaxKeys = 10'000;

}  // namespace

Task<Result<Reply>> KeyRoutes::create(RequestContext context, Caller& caller, http::Exchange& exchange) {
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxJsonBytes));
  KEFU_CO_TRY(kefu::v1::ApiKey key, parse_key_request(body, unix_milliseconds()));
  if (!keys_.any() && !admin_key_.exists() && !manages_everything(key)) {
    co_return fail(Errc::conflict,
                   "the first key must have the role manage and no kbs, or nobody could make another one");
  }
  if (keys_.size() >= kMaxKeys)
    co_return fail(Errc::conflict, "there are 10000 API keys already, revoked ones included");
  key.set_id(random_id());
  key.set_created_by(caller.key_id);
  const std::string secret = new_secret();
  key.set_secret_sha256(secret_hash(secret));
  caller.object = key.id();
  std::string json = created_key_json(key, secret);
  KEFU_CO_CHECK(co_await keys_.add(std::move(key), context.deadline));
  co_return json_reply(201, std::move(json));
}

Task<Result<Reply>> KeyRoutes::list(RequestContext /*context*/) {
  co_return json_reply(200, keys_json(keys_.all()));
}

Task<Result<Reply>> KeyRoutes::revoke(RequestContext context, http::Exchange& exchange) {
  const bool keep_one = !admin_key_.exists();
  KEFU_CO_CHECK(co_await keys_.revoke(path_parameter(exchange, "id"), keep_one, context.deadline));
  co_return http::Response{.status = 204};
}

}  // namespace kefu::gateway
