#include "admin_endpoints.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace kefu::service {
namespace {

std::string_view name_of(Condition::State state) {
  switch (state) {
    case Condition::State::ok:
      return "ok";
    case Condition::State::degraded:
      return "degraded";
    case Condition::State::failed:
      return "failed";
  }
  return "failed";
}

http::Response json_response(int status, const nlohmann::ordered_json& body) {
  return {.status = status, .fields = {{"Content-Type", "application/json"}}, .body = body.dump() + "\n"};
}

}  // namespace

void RunnerEndpoints::add_to(http::Router& router) const {
  router.add("GET", "/healthz", [this](http::Exchange& exchange) { return respond_health(exchange); });
  router.add("GET", "/readyz", [this](http::Exchange& exchange) { return respond_ready(exchange); });
  router.add("GET", "/metrics", [this](http::Exchange& exchange) { return respond_metrics(exchange); });
}

Task<void> RunnerEndpoints::respond_health(http::Exchange& exchange) const {
  (void)co_await exchange.respond(json_response(200, {{"status", "ok"}}));
}

Task<void> RunnerEndpoints::respond_ready(http::Exchange& exchange) const {
  std::vector<Condition> conditions;
  if (conditions_) {
    conditions = conditions_();
  } else {
    conditions.push_back({.name = "start", .state = Condition::State::failed, .reason = "starting"});
  }
  if (draining_)
    conditions.push_back({.name = "drain", .state = Condition::State::failed, .reason = "stopping"});
  auto worst = Condition::State::ok;
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Condition& condition : conditions) {
    worst = std::max(worst, condition.state);
    nlohmann::ordered_json line{{"name", condition.name}, {"status", name_of(condition.state)}};
    if (!condition.reason.empty()) line["reason"] = condition.reason;
    list.push_back(std::move(line));
  }
  const bool ready = worst != Condition::State::failed;
  (void)co_await exchange.respond(
      json_response(ready ? 200 : 503,
                    {{"status", ready ? name_of(worst) : "not ready"}, {"conditions", std::move(list)}}));
}

Task<void> RunnerEndpoints::respond_metrics(http::Exchange& exchange) const {
  (void)co_await exchange.respond({.status = 200,
                                   .fields = {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"}},
                                   .body = metrics_.expose()});
}

}  // namespace kefu::service
