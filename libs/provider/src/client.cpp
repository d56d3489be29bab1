#include "client_metrics.hpp"
#include "receiver.hpp"
#include "target.hpp"

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
/// A caller that gave less time than this has learned nothing about the provider when it is over.
constexpr auto kFairTime = 1s;

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

/// The statuses of an endpoint that does not know our key or the model: another one may.
bool refuses_everything(int status) { return status == 401 || status == 403 || status == 404; }

std::size_t most_requests(const ClientOptions& options) {
  return options.slots.in_flight * (1 + options.fallbacks.size()) + options.slots.waiting;
}

}  // namespace

struct Client::Request {
  std::string path;
  std::string json;
  Receiver& receiver;
  Deadline deadline;
  std::size_t tokens = 0;
  std::vector<bool> tried = {};  ///< of the endpoints, in this round
};

struct Client::Chosen {
  std::size_t index;
  Slots::Place place;
};

Client::Client(asio::any_io_executor executor, ClientOptions options, telemetry::Metrics& metrics)
    : options_(std::move(options)),
      metrics_(std::make_unique<ClientMetrics>(metrics, options_.role)),
      admitted_(most_requests(options_)),
      freed_(executor),
      random_(std::random_device{}()) {
  const auto add = [&](const Endpoint& endpoint) {
    targets_.push_back(
        std::make_unique<Target>(executor, options_, endpoint, targets_.size() + 1, metrics, freed_));
  };
  add(options_.endpoint);
  for (const Endpoint& endpoint : options_.fallbacks) add(endpoint);
}

Client::~Client() = default;

Task<Outcome> Client::post(std::string path, std::string json, TakeBody take, Deadline deadline,
                           std::size_t tokens) {
  BodyReceiver receiver(std::move(take));
  Request made{std::move(path), std::move(json), receiver, deadline, tokens};
  co_return co_await request(made);
}

Task<Outcome> Client::stream(std::string path, std::string json, TakeEvents take, Deadline deadline) {
  EventReceiver receiver(std::move(take));
  Request made{std::move(path), std::move(json), receiver, deadline};
  co_return co_await request(made);
}

Task<Outcome> Client::request(Request& request) {
  Outcome outcome;
  if (const auto admitted = admitted_.try_acquire()) {
    outcome = co_await through_endpoints(request);
  } else {
    outcome.result =
        fail(Errc::overloaded,
             fmt::format("{} has too many requests waiting for it, try again later", options_.role.noun));
  }
  const bool failed = !outcome.result && !request.receiver.callers_error();
  if (failed) metrics_->failed(outcome.result.error().code);
  co_return outcome;
}

Task<Outcome> Client::through_endpoints(Request& request) {
  const unsigned most = std::max(options_.attempts, static_cast<unsigned>(targets_.size()));
  request.tried.assign(targets_.size(), false);
  Outcome last;
  for (unsigned attempts = 1;; ++attempts) {
    auto chosen = co_await choose(request);
    if (!chosen) {
      // What a provider said before tells more than that it is left alone for it.
      if (attempts == 1) last.result = fail(std::move(chosen).error());
      co_return last;
    }
    if (attempts > 1) metrics_->retries.add();
    Attempt made;
    {
      const Chosen place = *std::move(chosen);
      request.tried[place.index] = true;
      show_in_flight();
      made = co_await attempt(*targets_[place.index], request);
    }
    show_in_flight();
    last = std::move(made.outcome);
    if (last.result || made.retry == Retry::never || attempts >= most) co_return last;
    if (others_left(request) > 0) {
      metrics_->failovers.add();
    } else {
      if (made.retry == Retry::elsewhere) co_return last;
      request.tried.assign(targets_.size(), false);
      const auto pause = pause_after(made, attempts);
      if (Clock::now() + pause >= request.deadline.time()) co_return last;
      co_await sleep_for(pause);
    }
  }
}

/// The first endpoint of this round that may be asked, and a place there. Errors: `overloaded` (all asked to
/// be left alone until after the deadline), `unavailable` (all are left alone since they failed),
/// `deadline_exceeded`.
Task<Result<Client::Chosen>> Client::choose(Request& request) {
  using State = Target::Readiness::State;
  while (!request.deadline.passed()) {
    const auto now = Clock::now();
    auto wake = Clock::time_point::max();
    bool full = false;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (request.tried[i]) continue;
      const auto readiness = targets_[i]->readiness(now, request.tokens);
      if (readiness.state == State::ready) co_return Chosen{i, targets_[i]->take(now, request.tokens)};
      if (readiness.state == State::held) wake = std::min(wake, readiness.until);
      full = full || readiness.state == State::full;
    }
    if (!full && wake >= request.deadline.time()) co_return none_left(request, wake);
    co_await freed_.wait(Deadline::at(std::min(wake, request.deadline.time())));
  }
  co_return fail(Errc::deadline_exceeded,
                 fmt::format("{} had no place for the request in time", options_.role.noun));
}

/// `held_until`: when the first of those may be asked that named a time themselves; max() where none did.
std::unexpected<Error> Client::none_left(const Request& request, Clock::time_point held_until) const {
  if (held_until != Clock::time_point::max()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(held_until - Clock::now()).count();
    return fail(Errc::overloaded,
                fmt::format("{} is over its rate limit, try again in {} s", options_.role.noun, seconds));
  }
  std::string why;
  for (std::size_t i = 0; i < targets_.size() && why.empty(); ++i) {
    if (!request.tried[i]) why = targets_[i]->failure();
  }
  if (why.empty()) why = fmt::format("{} failed several times in a row", options_.role.noun);
  return fail(Errc::unavailable, fmt::format("{}; it is left alone for a moment", why));
}

std::size_t Client::others_left(const Request& request) const {
  using State = Target::Readiness::State;
  const auto now = Clock::now();
  std::size_t left = 0;
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (request.tried[i]) continue;
    const State state = targets_[i]->readiness(now, request.tokens).state;
    if (state == State::ready || state == State::full) ++left;
  }
  return left;
}

Task<Client::Attempt> Client::attempt(Target& target, Request& request) {
  const auto begin = Clock::now();
  const auto given = request.deadline.remaining();
  const auto share = given / static_cast<std::int64_t>(1 + others_left(request));
  const auto allowed = std::min<Clock::duration>(share, options_.attempt_timeout);
  request.receiver.begin();
  Attempt made = co_await exchange(target, request, request.deadline.at_most(allowed));
  metrics_->seconds.observe(Clock::now() - begin);
  if (made.retry_after) target.hold(*made.retry_after, Clock::now());
  judge(target, made, request.receiver, given);
  if (!made.outcome.result) blot_out(made.outcome.result.error().detail, target.endpoint().api_key);
  const bool failed = !made.outcome.result && !request.receiver.callers_error();
  failure_ = failed ? made.outcome.result.error().message : std::string();
  target.remember(failure_);
  co_return made;
}

Task<Client::Attempt> Client::exchange(Target& target, Request& request, Deadline attempt) {
  const auto sent = Clock::now();
  auto response = co_await target.http().open(target.request(request.path, request.json), attempt);
  if (!response) {
    const bool nothing_came = response.error().code == Errc::unavailable;
    co_return Attempt{{.result = fail(described(target, std::move(response).error()))},
                      nothing_came ? Retry::anywhere : Retry::elsewhere};
  }
  const int status = (*response)->status();
  target.heard(status, (*response)->fields(), sent, Clock::now());
  if (status != 200) co_return co_await refused(**response, attempt);
  auto received = co_await request.receiver.receive(**response, attempt, request.deadline);
  if (!received && !request.receiver.takers_error())
    received = fail(described(target, std::move(received).error()));
  const bool again = request.receiver.takes_another() && !request.receiver.callers_error();
  co_return Attempt{{.result = std::move(received), .status = status},
                    again ? Retry::elsewhere : Retry::never};
}

Task<Client::Attempt> Client::refused(http::ResponseStream& response, Deadline deadline) const {
  const int status = response.status();
  const auto asked = asked_pause(response.fields(), std::chrono::system_clock::now());
  // As much of the body as the log may want. Whatever goes wrong here, the status is what matters.
  const Deadline until = deadline.at_most(kErrorBodyWithin);
  std::string body;
  while (body.size() < kErrorBodyBytes) {
    const auto piece = co_await response.read_some(until);
    if (!piece || piece->empty()) break;
    body += *piece;
  }
  const bool retryable = traits_of_status(status).retryable;
  const auto hint = retryable ? asked : std::nullopt;
  Error error = error_of_status(options_.role, status, body, hint);
  const bool our_fault = status / 100 == 4 && !retryable && !refuses_everything(status);
  const Retry retry = our_fault ? Retry::never : retryable ? Retry::anywhere : Retry::elsewhere;
  co_return Attempt{{.result = fail(std::move(error)), .status = status}, retry, hint};
}

void Client::judge(Target& target, const Attempt& made, const Receiver& receiver, Clock::duration given) {
  const auto& [result, status] = made.outcome;
  // Where there is no other endpoint, its refusals are all that there is to say about it.
  const bool useless = targets_.size() > 1 && refuses_everything(status);
  const bool answered = result || receiver.callers_error() || (status != 0 && status != 200 && status < 500);
  const bool late = !result && result.error().code == Errc::deadline_exceeded;
  const bool fair = given >= std::min<Clock::duration>(kFairTime, options_.attempt_timeout);
  if (answered && !useless) {
    target.succeeded();
  } else if (late && (!fair || receiver.made_sense())) {
    target.undecided();
  } else {
    target.failed(Clock::now());
  }
}

/// An error of the connection or of HTTP itself in words about the provider.
Error Client::described(const Target& target, Error error) const {
  std::string detail = fmt::format("{}: {} {}", target.endpoint().authority(), error.message, error.detail);
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

std::chrono::milliseconds Client::pause_after(const Attempt& made, unsigned failures) {
  const double random = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto pause = full_jitter(options_.backoff, failures, random);
  // With others to ask, its time is its own: it is held, and they are asked after the jitter alone.
  if (targets_.size() > 1 || !made.retry_after) return pause;
  return std::max(pause, *made.retry_after);
}

void Client::show_in_flight() const {
  std::size_t open = 0;
  for (const auto& target : targets_) open += target->in_flight();
  metrics_->in_flight.set(static_cast<double>(open));
}

}  // namespace kefu::provider
