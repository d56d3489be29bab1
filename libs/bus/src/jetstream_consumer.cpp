#include "jetstream_api.hpp"
#include "jetstream_stored.hpp"

#include <kefu/bus/jetstream.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

// What is read here: https://docs.nats.io/reference/jetstream/api/consumer/info and .../stream/info. The
// server's num_redelivered counts messages, and forgets each when it is acknowledged or terminated.
namespace kefu::bus {
namespace {

using nlohmann::json;
using Time = std::chrono::system_clock::time_point;

Task<Result<json>> consumer_info(MessageBus& bus, std::string stream, std::string durable,
                                 Deadline deadline) {
  co_return co_await jetstream::call(bus, fmt::format("CONSUMER.INFO.{}.{}", stream, durable), nullptr,
                                     deadline);
}

json object(const json& answer, const char* field) {
  const auto found = answer.find(field);
  return found != answer.end() && found->is_object() ? *found : json::object();
}

/// Every message of the consumer up to this sequence of the stream is finished.
std::uint64_t ack_floor(const json& info) {
  return jetstream::number(object(info, "ack_floor"), "stream_seq");
}

/// When the first message of a consumer behind its floor was stored. Mostly it is the first one of the
/// stream, whose time is known without reading it; always so in a work queue.
Task<Result<std::optional<Time>>> oldest_unfinished(MessageBus& bus, std::string stream, std::string filter,
                                                    std::uint64_t floor, Deadline deadline) {
  KEFU_CO_TRY(const json info, co_await jetstream::call(bus, "STREAM.INFO." + stream, nullptr, deadline));
  const json state = object(info, "state");
  if (jetstream::number(state, "messages") == 0) co_return std::nullopt;
  if (filter.empty() && jetstream::number(state, "first_seq") > floor) {
    co_return jetstream::parse_time(jetstream::text(state, "first_ts"));
  }
  if (filter.empty()) filter = ">";
  auto message =
      co_await jetstream::message_at_or_after(bus, std::move(stream), floor + 1, std::move(filter), deadline);
  if (message) co_return message->time;
  if (message.error().code == Errc::not_found) co_return std::nullopt;  // finished, or erased, meanwhile
  co_return fail(std::move(message).error());
}

}  // namespace

Task<Result<std::uint64_t>> JetStreamReader::finished_up_to(std::string stream, std::string durable,
                                                            Deadline deadline) {
  const auto info = co_await consumer_info(bus_, std::move(stream), std::move(durable), deadline);
  if (info) co_return ack_floor(*info);
  if (info.error().code == Errc::not_found) co_return 0;
  co_return fail(info.error());
}

Task<Result<ConsumerState>> JetStreamReader::consumer_state(std::string stream, std::string durable,
                                                            Deadline deadline) {
  KEFU_CO_TRY(const json info, co_await consumer_info(bus_, stream, std::move(durable), deadline));
  ConsumerState state{.pending = jetstream::number(info, "num_pending"),
                      .ack_pending = jetstream::number(info, "num_ack_pending"),
                      .redelivered = jetstream::number(info, "num_redelivered")};
  if (state.pending + state.ack_pending == 0) co_return state;
  std::string filter = jetstream::text(object(info, "config"), "filter_subject");
  KEFU_CO_TRY(state.oldest, co_await oldest_unfinished(bus_, std::move(stream), std::move(filter),
                                                       ack_floor(info), deadline));
  co_return state;
}

}  // namespace kefu::bus
