#include "jetstream_ordered.hpp"

#include "jetstream_api.hpp"

#include <algorithm>
#include <utility>

namespace kefu::bus::jetstream {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr std::chrono::milliseconds kExpires = 20s;
// Longer than a pull lives, so that only a consumer nobody uses is forgotten.
constexpr std::chrono::nanoseconds kInactive = 60s;
constexpr std::size_t kMaxBatch = 256;
// Two batches are on their way at most: few messages when they are large.
constexpr std::size_t kBatchBytes = 4 << 20;

json consumer_config(const OrderedOptions& options, std::uint64_t last_sequence) {
  json config{{"ack_policy", "none"},
              {"replay_policy", "instant"},
              {"max_deliver", 1},
              {"inactive_threshold", kInactive.count()},
              {"mem_storage", true},
              {"num_replicas", 1},
              {"headers_only", options.headers_only}};
  if (!options.filter_subject.empty()) config["filter_subject"] = options.filter_subject;
  if (last_sequence == 0 && options.last_of_each_subject) {
    config["deliver_policy"] = "last_per_subject";
    if (options.filter_subject.empty()) config["filter_subject"] = ">";
  } else {
    config["deliver_policy"] = "by_start_sequence";
    config["opt_start_seq"] = std::max({last_sequence + 1, options.from_sequence, std::uint64_t{1}});
  }
  return config;
}

}  // namespace

OrderedReader::~OrderedReader() { drop_consumer(); }

void OrderedReader::drop_consumer() {
  if (!inbox_) return;
  inbox_.reset();
  Message forget{.subject = "$JS.API.CONSUMER.DELETE." + options_.stream + "." + consumer_, .payload = {}};
  [[maybe_unused]] const auto ignored = bus_.publish(std::move(forget));  // the server also forgets by itself
}

Task<Result<std::uint64_t>> OrderedReader::begin(Deadline deadline) {
  if (!inbox_) KEFU_CO_CHECK(co_await create(deadline));
  co_return first_pending_;
}

Task<Result<>> OrderedReader::create(Deadline deadline) {
  json body{{"stream_name", options_.stream}, {"config", consumer_config(options_, last_sequence_)}};
  KEFU_CO_TRY(const json answer,
              co_await call(bus_, "CONSUMER.CREATE." + options_.stream, std::move(body), deadline));
  consumer_ = text(answer, "name");
  auto inbox = std::make_unique<PullInbox>(bus_, options_.stream, consumer_, kExpires);
  KEFU_CO_CHECK(inbox->open(2 * kMaxBatch));
  const bool first = incarnation_.empty();
  // After the consumer was made: if the stream is the one we know now, the consumer is one of it.
  KEFU_CO_CHECK(co_await check_incarnation(deadline));
  if (first) first_pending_ = number(answer, "num_pending");
  last_consumer_sequence_ = 0;
  inbox_ = std::move(inbox);
  co_return Result<>();
}

Task<Result<>> OrderedReader::check_incarnation(Deadline deadline) {
  KEFU_CO_TRY(const json info, co_await call(bus_, "STREAM.INFO." + options_.stream, nullptr, deadline));
  std::string created = text(info, "created");
  if (incarnation_.empty()) incarnation_ = created;
  if (created != incarnation_) co_return fail(Errc::not_found, "the stream was deleted and made again");
  co_return Result<>();
}

std::size_t OrderedReader::batch() const {
  return std::clamp(kBatchBytes / average_size_, std::size_t{4}, kMaxBatch);
}

void OrderedReader::refill() {
  const std::size_t size = batch();
  if (inbox_->outstanding() > size / 2) return;
  // Without a connection the consumer is found to be lost by the interruption of its inbox.
  [[maybe_unused]] const auto asked = inbox_->ask(size);
}

Task<Result<Delivery>> OrderedReader::next(Deadline deadline) {
  for (;;) {
    KEFU_CO_CHECK(co_await begin(deadline));
    refill();
    auto pulled = co_await inbox_->next(deadline.at_most(kExpires + 2s));
    if (!pulled) {
      if (pulled.error().code == Errc::deadline_exceeded) {
        if (deadline.passed()) co_return std::unexpected(std::move(pulled).error());
        continue;  // nobody said that the pull has ended: ask again
      }
      drop_consumer();
      // Asking again at once would not help where JetStream itself is not there.
      if (!bus_.connected()) co_return fail(Errc::unavailable, "the connection to the message bus was lost");
      continue;
    }
    if (!pulled->delivery) continue;
    Delivery& delivery = *pulled->delivery;
    if (delivery.consumer_sequence != last_consumer_sequence_ + 1) {
      drop_consumer();
      continue;
    }
    last_consumer_sequence_ = delivery.consumer_sequence;
    last_sequence_ = delivery.message.sequence;
    average_size_ = (average_size_ * 7 + delivery.message.payload.size()) / 8 + 1;
    co_return std::move(delivery);
  }
}

}  // namespace kefu::bus::jetstream
