#include "client_metrics.hpp"
#include "receiver.hpp"

#include <kefu/async/signal.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/provider/status.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace kefu::provider {
namespace {

using namespace std::chrono_literals;
using Clock = Deadline::Clock;

constexpr std::size_t kErrorBodyBytes = 4096;
constexpr auto kErrorBodyWithin = 1s;
/// However long a provider asks to be left alone, after this it is asked again.
constexpr auto kLongestHold = 60s;
/// A caller that gave less time than this has learned nothing about the provider when it is over.
constexpr auto kFairTime = 1s;

http::ClientOptions http_options(const ClientOptions& options) {
  return {.max_idle_connections = options.slots.in_flight,
          .max_response_bytes = options.max_response_bytes,
          .ca_file = options.endpoint.ca_file};
}

/// Takes `secret` out of `text`, also where the text was cut in its midst.
void blot_out(std::string& text, std::string_view secret) {
  constexpr std::size_t kTellsNothing = 5;
  for (std::size_t size = secret.size(); size > kTellsNothing; --size) {
    const std::string_view beginning = secret.substr(0, size);
    if (text.ends_with(beginning)) text.replace(text.size() - size, size, "*");
  }
  if (secret.empty()) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
    text.replace(at, secret.size(), "*");
  }
}

}  // namespace

Client::Client(asio::any_io_executor executor, ClientOptions options, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      http_(executor, http_options(options_)),
      metrics_(std::make_unique<ClientMetrics>(metrics, options_.role)),
      slots_(executor, options_.slots),
      breaker_(options_.breaker),
      random_(std::random_device{}()) {}

Client::~Client() = default;

Task<Outcome> Client::post(std::string path, std::string json, TakeBody take, Deadline deadline) {
  BodyReceiver receiver(std::move(take));
  co_return co_await request(std::move(path), std::move(json), receiver, deadline);
}

Task<Outcome> Client::stream(std::string path, std::string json, TakeEvents take, Deadline deadline) {
  EventReceiver receiver(std::move(take));
  co_return co_await request(std::move(path), std::move(json), receiver, deadline);
}

Task<Outcome> Client::request(std::string path, std::string json, Receiver& receiver, Deadline deadline) {
  Outcome outcome;
  {
    const auto place = co_await slots_.acquire(deadline);
    metrics_->in_flight.set(static_cast<double>(slots_.in_flight()));
    if (place) {
      outcome = co_await request_in_place(std::move(path), std::move(json), receiver, deadline);
    } else {
      outcome.result =
          fail(place.error().code, fmt::format("{} {}", options_.role.noun, place.error().message));
    }
  }
  metrics_->in_flight.set(static_cast<double>(slots_.in_flight()));
  const bool failed = !outcome.result && !receiver.callers_error();
  if (failed) metrics_->failed(outcome.result.error().code);
  co_return outcome;
}

Task<Outcome> Client::request_in_place(std::string path, std::string json, Receiver& receiver,
                                       Deadline deadline) {
  const http::ClientRequest request = request_for(path, std::move(json));
  Outcome last;
  for (unsigned failures = 0;;) {
    if (auto sendable = co_await until_sendable(deadline); !sendable) {
      // What the provider said before tells more than that it is left alone for it.
      if (failures == 0) last.result = std::move(sendable);
      co_return last;
    }
    Attempt made = co_await attempt(request, receiver, deadline);
    last = std::move(made.outcome);
    if (last.result || !made.retryable || ++failures >= options_.attempts) co_return last;
    const auto pause = pause_after(made, failures);
    if (Clock::now() + pause >= deadline.time()) co_return last;
    co_await sleep_for(pause);
    metrics_->retries.add();
  }
}

/// Errors: `overloaded` (the provider asked to be left alone until after the deadline), `unavailable` (it is
/// left alone since it failed).
Task<Result<>> Client::until_sendable(Deadline deadline) {
  while (held_until_ > Clock::now()) {
    const auto held = held_until_ - Clock::now();
    if (held_until_ >= deadline.time()) {
      co_return fail(Errc::overloaded,
                     fmt::format("{} is over its rate limit, try again in {} s", options_.role.noun,
                                 std::chrono::ceil<std::chrono::seconds>(held).count()));
    }
    co_await sleep_for(held);
  }
  const bool admitted = breaker_.admit(Clock::now());
  metrics_->show(breaker_.state());
  if (admitted) co_return Result<>{};
  const std::string why =
      failure_.empty() ? fmt::format("{} failed several times in a row", options_.role.noun) : failure_;
  co_return fail(Errc::unavailable, fmt::format("{}; it is left alone for a moment", why));
}

Task<Client::Attempt> Client::attempt(http::ClientRequest request, Receiver& receiver, Deadline deadline) {
  const auto begin = Clock::now();
  const auto allowed = std::min<Clock::duration>(deadline.remaining(), options_.attempt_timeout);
  Attempt made = co_await exchange(std::move(request), receiver, deadline);
  metrics_->seconds.observe(Clock::now() - begin);
  if (made.retry_after) {
    const auto until = Clock::now() + std::min<std::chrono::milliseconds>(*made.retry_after, kLongestHold);
    held_until_ = std::max(held_until_, until);
  }
  judge(made, receiver, allowed);
  if (!made.outcome.result) blot_out(made.outcome.result.error().detail, options_.endpoint.api_key);
  const bool failed = !made.outcome.result && !receiver.callers_error();
  failure_ = failed ? made.outcome.result.error().message : std::string();
  co_return made;
}

Task<Client::Attempt> Client::exchange(http::ClientRequest request, Receiver& receiver, Deadline deadline) {
  const Deadline attempt = deadline.at_most(options_.attempt_timeout);
  auto response = co_await http_.open(std::move(request), attempt);
  if (!response) {
    const bool nothing_came = response.error().code == Errc::unavailable;
    co_return Attempt{{.result = fail(described(std::move(response).error()))}, nothing_came};
  }
  const int status = (*response)->status();
  if (status != 200) co_return co_await refused(**response, attempt);
  auto received = co_await receiver.receive(**response, attempt, deadline);
  if (!received && !receiver.takers_error()) received = fail(described(std::move(received).error()));
  co_return Attempt{{.result = std::move(received), .status = status}};
}

Task<Client::Attempt> Client::refused(http::ResponseStream& response, Deadline deadline) const {
  const int status = response.status();
  const auto retry_after =
      parse_retry_after(response.fields().get("Retry-After"), std::chrono::system_clock::now());
  // As much of the body as the log may want. Whatever goes wrong here, the status is what matters.
  const Deadline until = deadline.at_most(kErrorBodyWithin);
  std::string body;
  while (body.size() < kErrorBodyBytes) {
    const auto piece = co_await response.read_some(until);
    if (!piece || piece->empty()) break;
    body += *piece;
  }
  const bool retryable = traits_of_status(status).retryable;
  const auto hint = retryable ? retry_after : std::nullopt;
  Error error = error_of_status(options_.role, status, body, hint);
  co_return Attempt{{.result = fail(std::move(error)), .status = status}, retryable, hint};
}

void Client::judge(const Attempt& made, const Receiver& receiver, Clock::duration allowed) {
  const auto& [result, status] = made.outcome;
  const bool answered = result || receiver.callers_error() || (status != 0 && status != 200 && status < 500);
  const bool late = !result && result.error().code == Errc::deadline_exceeded;
  const bool fair = allowed >= std::min<Clock::duration>(kFairTime, options_.attempt_timeout);
  if (answered) {
    breaker_.succeeded();
  } else if (late && (!fair || receiver.made_sense())) {
    breaker_.undecided();
  } else {
    breaker_.failed(Clock::now());
  }
  metrics_->show(breaker_.state());
}

/// An error of the connection or of HTTP itself in words about the provider.
Error Client::described(Error error) const {
  std::string detail = fmt::format("{}: {} {}", options_.endpoint.authority(), error.message, error.detail);
  const auto say = [&](Errc code, std::string_view what) {
    return Error{code, fmt::format("{} {}", options_.role.noun, what), std::move(detail)};
  };
  switch (error.code) {
    case Errc::unavailable:
      return say(error.code, "cannot be reached");
    case Errc::deadline_exceeded:
      return say(error.code, "did not answer in time");
    case Errc::payload_too_large:  // that is, its response: nothing that the caller sent
      return say(Errc::bad_upstream, "answered more than is taken");
    default:
      return say(Errc::bad_upstream, "did not answer in its protocol");
  }
}

http::ClientRequest Client::request_for(std::string_view path, std::string json) const {
  http::ClientRequest request{
      .method = "POST",
      .url = options_.endpoint.url(path),
      .fields = {{"Content-Type", "application/json"}, {"Accept", "application/json, text/event-stream"}},
      .body = std::move(json)};
  if (!options_.endpoint.api_key.empty())
    request.fields.set("Authorization", "Bearer " + options_.endpoint.api_key);
  return request;
}

std::chrono::milliseconds Client::pause_after(const Attempt& made, unsigned failures) {
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto pause = full_jitter(options_.backoff, failures, random);
  return made.retry_after ? std::max(pause, *made.retry_after) : pause;
}

}  // namespace kefu::provider
