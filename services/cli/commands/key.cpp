#include "commands/key.hpp"

#include "display_text.hpp"
#include "secret_file.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <optional>
#include <utility>

namespace kefu::cli {
namespace {

using nlohmann::json;

std::string list_of(const json& names) {
  std::string out;
  for (const json& name : names) out += (out.empty() ? "" : ", ") + one_line(name.get<std::string>());
  return out.empty() ? "all" : out;
}

std::string text_or(const json& object, const char* name, const char* otherwise) {
  const auto field = object.find(name);
  return field != object.end() && field->is_string() ? field->get<std::string>() : otherwise;
}

std::string limit_of(const json& key) {
  const auto limit = key.value("requests_per_minute", std::uint64_t{0});
  return limit == 0 ? "default" : grouped(limit);
}

void print_keys(const json& keys, Console& console) {
  using enum Table::Align;
  Table table({left, left, left, left, right, left, left});
  table.add({"id", "name", "role", "knowledge bases", "per minute", "expires", "revoked"});
  for (const json& key : keys) {
    table.add({key.value("id", ""), fit(one_line(key.value("name", "")), 40), key.value("role", ""),
               fit(list_of(key.value("kbs", json::array())), 60), limit_of(key),
               text_or(key, "expires_at", "never"), text_or(key, "revoked_at", "")});
  }
  for (const std::string& line : table.lines()) console.line(line);
}

json request_of(const KeyOptions& options) {
  json body{{"name", options.name}, {"role", options.role}};
  if (!options.kbs.empty()) body["kbs"] = options.kbs;
  if (!options.expires_at.empty()) body["expires_at"] = options.expires_at;
  if (options.expires_in.count() != 0)
    body["expires_in_seconds"] = std::chrono::ceil<std::chrono::seconds>(options.expires_in).count();
  if (options.requests_per_minute != 0) body["requests_per_minute"] = options.requests_per_minute;
  return body;
}

void print_new_key(const json& key, const std::string& secret, Console& console) {
  print_keys(json::array({key}), console);
  if (!secret.empty()) {
    console.line("secret  " + secret);
    console.note("The secret is not shown again: put it where KEFU_API_KEY or --api-key-file finds it.");
  }
}

}  // namespace

Task<int> create_key(KeyOptions options, ApiClient& api, Console& console) {
  std::optional<SecretFile> file;
  if (!options.secret_file.empty()) {
    // Before the key is made: its secret would be lost where the file cannot be written.
    auto opened = SecretFile::create(options.secret_file);
    if (!opened) {
      console.error(opened.error());
      co_return 1;
    }
    file.emplace(*std::move(opened));
  }
  auto key = co_await api.send("POST", "/v1/keys", request_of(options));
  if (!key) {
    console.error(key.error());
    co_return 1;
  }
  std::string secret = key->value("secret", "");
  if (file) {
    if (const auto written = file->write(secret); !written) {
      console.error(fmt::format("{}: revoke the key {} and make another one", written.error().message,
                                key->value("id", "")));
      co_return 1;
    }
    secret.clear();
    key->erase("secret");
  }
  if (options.json) {
    console.json(*key);
  } else {
    print_new_key(*key, secret, console);
  }
  co_return 0;
}

Task<int> list_keys(KeyOptions options, ApiClient& api, Console& console) {
  const auto keys = co_await api.get("/v1/keys");
  if (!keys) {
    console.error(keys.error());
    co_return 1;
  }
  const json list = keys->value("keys", json::array());
  if (options.json) {
    console.json(*keys);
  } else if (list.empty()) {
    console.line("no key yet: kefu key create --name NAME --role manage makes the first one");
  } else {
    print_keys(list, console);
  }
  co_return 0;
}

Task<int> revoke_key(KeyOptions options, ApiClient& api, Console& console) {
  const auto revoked = co_await api.send("DELETE", path_of({"v1", "keys", options.id}), nullptr);
  if (!revoked) {
    console.error(revoked.error());
    co_return 1;
  }
  if (options.json) {
    console.json({{"revoked", options.id}});
  } else {
    console.line("revoked key " + options.id);
  }
  co_return 0;
}

}  // namespace kefu::cli
