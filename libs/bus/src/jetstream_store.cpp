#include "base64.hpp"
#include "jetstream_api.hpp"
#include "jetstream_stored.hpp"

#include <kefu/bus/jetstream.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace kefu::bus {
namespace {

using nlohmann::json;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kDuplicateWindow{120};
constexpr std::uint64_t kMessageDeleteFailed = 10057;
constexpr std::uint64_t kSequenceNotFound = 10043;

json stream_config(const StreamSpec& spec) {
  const auto unlimited = [](std::int64_t limit) { return limit > 0 ? limit : -1; };
  const seconds window =
      spec.max_age.count() > 0 ? std::min(spec.max_age, kDuplicateWindow) : kDuplicateWindow;
  json config{
      {"name", spec.name},
      {"subjects", spec.subjects},
      {"retention", spec.retention == Retention::work_queue ? "workqueue" : "limits"},
      {"storage", "file"},
      {"discard", "new"},
      {"max_consumers", -1},
      {"max_msgs", -1},
      {"max_msg_size", -1},
      {"max_bytes", unlimited(spec.max_bytes)},
      {"max_age", nanoseconds(spec.max_age).count()},
      {"max_msgs_per_subject", unlimited(spec.max_messages_per_subject)},
      {"duplicate_window", nanoseconds(window).count()},
      {"num_replicas", spec.replicas},
  };
  if (spec.max_messages_per_subject > 0 && !spec.replace_oldest_of_subject) {
    config["discard_new_per_subject"] = true;
  }
  return config;
}

}  // namespace

Task<Result<>> JetStreamStore::ensure(StreamSpec spec, Deadline deadline) {
  co_return co_await jetstream::ensure_stream(bus_, stream_config(spec), deadline);
}

Task<Result<StreamState>> JetStreamStore::state(std::string stream, Deadline deadline) {
  KEFU_CO_TRY(const json info, co_await jetstream::call(bus_, "STREAM.INFO." + stream, nullptr, deadline));
  const json state = info.value("state", json::object());
  co_return StreamState{.first_sequence = jetstream::number(state, "first_seq"),
                        .last_sequence = jetstream::number(state, "last_seq"),
                        .messages = jetstream::number(state, "messages"),
                        .bytes = jetstream::number(state, "bytes"),
                        .incarnation = jetstream::text(info, "created")};
}

Task<Result<std::uint64_t>> JetStreamStore::append(Message message, Deadline deadline) {
  KEFU_CO_TRY(const json answer, co_await jetstream::store(bus_, std::move(message), deadline));
  co_return jetstream::number(answer, "seq");
}

Task<Result<StoredMessage>> JetStreamStore::last(std::string stream, std::string subject, Deadline deadline) {
  co_return co_await jetstream::last_message(bus_, std::move(stream), std::move(subject), deadline);
}

Task<Result<>> JetStreamStore::erase(std::string stream, std::uint64_t sequence, Deadline deadline) {
  // "no_erase": without overwriting the bytes first, which costs far more than the deletion.
  json body{{"seq", sequence}, {"no_erase", true}};
  const auto answer =
      co_await jetstream::call(bus_, "STREAM.MSG.DELETE." + stream, std::move(body), deadline);
  if (answer) co_return Result<>();
  for (const std::uint64_t gone : {kMessageDeleteFailed, kSequenceNotFound}) {
    if (answer.error().detail == jetstream::detail_of(gone)) co_return Result<>();
  }
  co_return std::unexpected(answer.error());
}

Task<Result<std::uint64_t>> JetStreamStore::purge(std::string stream, std::string subject,
                                                  Deadline deadline) {
  json body{{"filter", std::move(subject)}};
  KEFU_CO_TRY(const json answer,
              co_await jetstream::call(bus_, "STREAM.PURGE." + stream, std::move(body), deadline));
  co_return jetstream::number(answer, "purged");
}

}  // namespace kefu::bus
