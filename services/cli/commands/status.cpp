#include "commands/status.hpp"

#include "commands/kb.hpp"

#include <fmt/format.h>

#include <chrono>

namespace kefu::cli {
namespace {

using nlohmann::json;

constexpr auto kTimeout = std::chrono::seconds(30);

struct Readiness {
  bool ready = false;
  json body;
};

Task<Result<Readiness>> readiness(ApiClient& api) {
  const auto response = co_await api.exchange("GET", "/readyz", {}, kTimeout);
  if (!response) co_return fail(api.explain(response.error()));
  co_return Readiness{response->status == 200, json::parse(response->body, nullptr, false)};
}

/// A list of knowledge bases, of one when it is named.
Task<Result<json>> knowledge_bases(std::string kb, ApiClient& api) {
  if (kb.empty()) {
    KEFU_CO_TRY(const json all, co_await api.get("/v1/kbs"));
    co_return all.value("knowledge_bases", json::array());
  }
  KEFU_CO_TRY(json one, co_await api.get(path_of({"v1", "kbs", kb})));
  co_return json::array({std::move(one)});
}

void print_readiness(const Readiness& readiness, const std::string& server, Console& console) {
  const std::string state = readiness.body.is_object() ? readiness.body.value("status", "") : "";
  console.line(fmt::format(
      "{}  {}", server, readiness.ready ? (state == "degraded" ? "ready, degraded" : "ready") : "not ready"));
  if (!readiness.body.is_object()) return;
  for (const json& condition : readiness.body.value("conditions", json::array())) {
    const std::string reason = condition.value("reason", "");
    console.line(fmt::format("  {}: {}{}{}", condition.value("name", ""), condition.value("status", ""),
                             reason.empty() ? "" : ", ", reason));
  }
}

}  // namespace

Task<int> status(StatusOptions options, ApiClient& api, Console& console) {
  const auto ready = co_await readiness(api);
  if (!ready) {
    console.error(ready.error());
    co_return 1;
  }
  const auto bases = co_await knowledge_bases(options.kb, api);
  if (options.json) {
    json all{{"server", api.server()}, {"ready", ready->ready}, {"readiness", ready->body}};
    if (bases) all["knowledge_bases"] = *bases;
    console.json(all);
  } else {
    print_readiness(*ready, api.server(), console);
    if (bases) print_kbs(*bases, console);
  }
  if (!bases) console.error(bases.error());
  co_return ready->ready&& bases ? 0 : 1;
}

}  // namespace kefu::cli
