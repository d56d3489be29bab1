#include "target.hpp"

#include <algorithm>
#include <utility>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;

/// However long a provider asks to be left alone, after this it is asked again.
constexpr auto kLongestHold = 60s;

http::ClientOptions http_options(const ClientOptions& options, const Endpoint& endpoint) {
  return {.max_idle_connections = options.slots.in_flight,
          .max_response_bytes = options.max_response_bytes,
          .ca_file = endpoint.ca_file,
          .proxy = options.proxy};
}

}  // namespace

Client::Target::Target(asio::any_io_executor executor, const ClientOptions& options, Endpoint endpoint,
                       std::size_t number, telemetry::Metrics& metrics, Signal& freed)
    : endpoint_(std::move(endpoint)),
      http_(std::move(executor), http_options(options, endpoint_)),
      metrics_(metrics, options.role, number),
      slots_(options.slots.in_flight, freed),
      breaker_(options.breaker) {
  show();
}

Client::Target::Readiness Client::Target::readiness(Time now, std::size_t tokens) const {
  // What it asked for goes first: while it is held its breaker's one try would be lost on it.
  const Time free_at =
      std::max(held_until_, std::min(rate_limits_.free_at(tokens, now), now + Time::duration(kLongestHold)));
  if (free_at > now) return {.state = Readiness::State::held, .until = free_at};
  if (!breaker_.admits(now)) return {.state = Readiness::State::left_alone};
  if (slots_.full()) return {.state = Readiness::State::full};
  return {};
}

Slots::Place Client::Target::take(Time now, std::size_t tokens) {
  (void)breaker_.admit(now);
  rate_limits_.spend(tokens);
  show();
  return slots_.take();
}

void Client::Target::succeeded() {
  breaker_.succeeded();
  show();
}

void Client::Target::failed(Time now) {
  breaker_.failed(now);
  show();
}

void Client::Target::undecided() {
  breaker_.undecided();
  show();
}

void Client::Target::heard(int status, const http::Fields& fields, Time sent, Time now) {
  rate_limits_.learn(fields, now);
  if (status == 429) slots_.refused(sent, now);
  if (status == 200) slots_.succeeded();
}

void Client::Target::hold(std::chrono::milliseconds pause, Time now) {
  held_until_ = std::max(held_until_, now + std::min<std::chrono::milliseconds>(pause, kLongestHold));
}

http::ClientRequest Client::Target::request(std::string_view path, std::string json) const {
  http::ClientRequest request{
      .method = "POST",
      .url = endpoint_.url(path),
      .fields = {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}},
      .body = std::move(json)};
  if (!endpoint_.api_key.empty()) {
    auto [name, value] = endpoint_.key_field();
    request.fields.set(std::move(name), std::move(value));
  }
  return request;
}

void Client::Target::show() const {
  metrics_.show(breaker_.state());
  metrics_.show_limit(slots_.limit());
}

}  // namespace kefu::provider
