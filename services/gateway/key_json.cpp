#include "key_json.hpp"

#include "json_object.hpp"
#include "json_text.hpp"
#include "names.hpp"
#include "rfc3339.hpp"

#include <optional>
#include <set>
#include <utility>

namespace kefu::gateway {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxKnowledgeBases = 1000;
constexpr std::int64_t kLongestSeconds = std::int64_t{100} * 366 * 24 * 3600;
constexpr std::int64_t kMostPerMinute = 1'000'000;

Result<kefu::v1::ApiKey::Role> parse_role(const JsonObject& object) {
  KEFU_TRY(const std::string role, object.required_string("role"));
  if (role == "ask") return kefu::v1::ApiKey::ROLE_ASK;
  if (role == "manage") return kefu::v1::ApiKey::ROLE_MANAGE;
  return fail(Errc::invalid_argument, "field \"role\" must be \"ask\" or \"manage\"");
}

Result<std::set<std::string>> parse_kbs(const JsonObject& object) {
  std::set<std::string> names;
  KEFU_TRY(auto kbs, object.optional_strings("kbs"));
  if (!kbs) return names;
  // A list that is empty by mistake must not open everything.
  if (kbs->empty()) {
    return fail(Errc::invalid_argument,
                "field \"kbs\" is an empty list: name the knowledge bases, or leave it out for all");
  }
  if (kbs->size() > kMaxKnowledgeBases)
    return fail(Errc::invalid_argument, "field \"kbs\" has more than 1000 names");
  for (std::string& kb : *kbs) {
    KEFU_CHECK(check_kb_name(kb, "a name in field \"kbs\""));
    names.insert(std::move(kb));
  }
  return names;
}

/// 0: never.
Result<std::int64_t> parse_expiry(const JsonObject& object, std::int64_t now_unix_ms) {
  KEFU_TRY(const auto at, object.optional_string("expires_at"));
  KEFU_TRY(const auto seconds, object.optional_integer("expires_in_seconds", 1, kLongestSeconds));
  if (at && seconds) {
    return fail(Errc::invalid_argument,
                "fields \"expires_at\" and \"expires_in_seconds\" exclude each other");
  }
  if (seconds) return now_unix_ms + *seconds * 1000;
  if (!at) return 0;
  KEFU_TRY(const std::int64_t time, parse_rfc3339("field \"expires_at\"", *at));
  if (time <= now_unix_ms) return fail(Errc::invalid_argument, "field \"expires_at\" is in the past");
  return time;
}

Json time_or_null(std::int64_t unix_ms) { return unix_ms == 0 ? Json(nullptr) : Json(time_text(unix_ms)); }

Json object_of(const kefu::v1::ApiKey& key) {
  Json kbs = Json::array();
  for (const std::string& kb : key.kbs()) kbs.push_back(kb);
  return {{"id", key.id()},
          {"name", key.name()},
          {"role", key.role() == kefu::v1::ApiKey::ROLE_MANAGE ? "manage" : "ask"},
          {"kbs", std::move(kbs)},
          {"created_at", time_text(key.created_unix_ms())},
          {"expires_at", time_or_null(key.expires_unix_ms())},
          {"requests_per_minute", key.requests_per_minute()}};
}

}  // namespace

Result<kefu::v1::ApiKey> parse_key_request(std::string_view body, std::int64_t now_unix_ms) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(
      object.allow_only({"name", "role", "kbs", "expires_at", "expires_in_seconds", "requests_per_minute"}));
  kefu::v1::ApiKey key;
  KEFU_TRY(*key.mutable_name(), object.required_string("name"));
  KEFU_CHECK(validate_name("field \"name\"", key.name(), kMaxNameBytes));
  KEFU_TRY(const auto role, parse_role(object));
  key.set_role(role);
  KEFU_TRY(const auto kbs, parse_kbs(object));
  for (const std::string& kb : kbs) key.add_kbs(kb);
  KEFU_TRY(const std::int64_t expiry, parse_expiry(object, now_unix_ms));
  key.set_expires_unix_ms(expiry);
  KEFU_TRY(const auto rate, object.optional_integer("requests_per_minute", 0, kMostPerMinute));
  key.set_requests_per_minute(static_cast<std::uint32_t>(rate.value_or(0)));
  key.set_created_unix_ms(now_unix_ms);
  return key;
}

std::string created_key_json(const kefu::v1::ApiKey& key, const std::string& secret) {
  Json object = object_of(key);
  object["secret"] = secret;
  return json_text(object);
}

std::string keys_json(const std::vector<kefu::v1::ApiKey>& keys) {
  Json array = Json::array();
  for (const kefu::v1::ApiKey& key : keys) {
    Json object = object_of(key);
    if (key.revoked_unix_ms() != 0) object["revoked_at"] = time_text(key.revoked_unix_ms());
    array.push_back(std::move(object));
  }
  return json_text({{"keys", std::move(array)}});
}

}  // namespace kefu::gateway
