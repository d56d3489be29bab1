#include "bucket_layout.hpp"
#include "jetstream_api.hpp"
#include "jetstream_ordered.hpp"
#include "jetstream_stored.hpp"

#include <kefu/bus/jetstream.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <utility>

namespace kefu::bus {
namespace {

using nlohmann::json;
using std::chrono::nanoseconds;

constexpr std::string_view kExpectedRevision = "Nats-Expected-Last-Subject-Sequence";

json bucket_config(const std::string& bucket, std::chrono::milliseconds ttl) {
  const nanoseconds window = std::chrono::minutes(2);
  const nanoseconds age = ttl;
  return json{{"name", stream_of(bucket)},
              {"subjects", {subject_of(bucket, ">")}},
              {"retention", "limits"},
              {"storage", "file"},
              {"discard", "new"},
              {"max_consumers", -1},
              {"max_msgs", -1},
              {"max_bytes", -1},
              {"max_msg_size", -1},
              {"max_msgs_per_subject", 1},
              {"max_age", age.count()},
              {"duplicate_window", (age.count() > 0 ? std::min(age, window) : window).count()},
              {"num_replicas", 1},
              {"allow_rollup_hdrs", true},
              {"deny_delete", true}};
}

class JetStreamWatch final : public KvWatch {
 public:
  JetStreamWatch(MessageBus& bus, const std::string& bucket)
      : bucket_(bucket), bus_(bus), prefix_(subject_of(bucket, "").size()) {
    restart();
  }

  Task<Result<std::optional<KvEntry>>> next(Deadline deadline) override {
    for (;;) {
      KEFU_CO_TRY(const std::uint64_t waiting, co_await reader_->begin(deadline));
      if (!told_ && (seen_ >= waiting || caught_up_)) {
        told_ = true;
        co_return std::optional<KvEntry>();
      }
      auto delivery = co_await reader_->next(deadline);
      if (!delivery && delivery.error().code == Errc::not_found && told_) {
        restart();  // the bucket was made again: its entries are all new
        continue;
      }
      KEFU_CO_TRY(auto given, std::move(delivery));
      ++seen_;
      caught_up_ = caught_up_ || given.pending == 0;
      co_return std::optional<KvEntry>(to_entry(std::move(given.message), prefix_));
    }
  }

 private:
  void restart() {
    reader_ = std::make_unique<jetstream::OrderedReader>(
        bus_, jetstream::OrderedOptions{.stream = stream_of(bucket_),
                                        .filter_subject = subject_of(bucket_, ">"),
                                        .last_of_each_subject = true});
  }

  std::string bucket_;
  MessageBus& bus_;
  std::size_t prefix_;
  std::unique_ptr<jetstream::OrderedReader> reader_;
  std::uint64_t seen_ = 0;
  bool caught_up_ = false;
  bool told_ = false;  // that the present entries have all been given out
};

}  // namespace

JetStreamBucket::JetStreamBucket(asio::any_io_executor executor, MessageBus& bus, std::string bucket)
    : executor_(std::move(executor)), bus_(bus), bucket_(std::move(bucket)) {}
JetStreamBucket::~JetStreamBucket() = default;

Task<Result<>> JetStreamBucket::ensure(std::chrono::milliseconds ttl, Deadline deadline) {
  co_return co_await jetstream::ensure_stream(bus_, bucket_config(bucket_, ttl), deadline);
}

Task<Result<KvEntry>> JetStreamBucket::newest(std::string key, Deadline deadline) {
  if (!is_key(key)) co_return fail(Errc::invalid_argument, "not a key: '" + key + "'");
  KEFU_CO_TRY(StoredMessage message,
              co_await jetstream::last_message(bus_, stream_of(bucket_), subject_of(bucket_, key), deadline));
  co_return to_entry(std::move(message), subject_of(bucket_, "").size());
}

Task<Result<KvEntry>> JetStreamBucket::get(std::string key, Deadline deadline) {
  KEFU_CO_TRY(KvEntry entry, co_await newest(std::move(key), deadline));
  if (entry.erased) co_return fail(Errc::not_found, "the key was erased");
  co_return entry;
}

Task<Result<std::uint64_t>> JetStreamBucket::write(std::string key, std::string value, Headers headers,
                                                   Deadline deadline) {
  if (!is_key(key)) co_return fail(Errc::invalid_argument, "not a key: '" + key + "'");
  Message message{
      .subject = subject_of(bucket_, key), .payload = std::move(value), .headers = std::move(headers)};
  KEFU_CO_TRY(const json answer, co_await jetstream::store(bus_, std::move(message), deadline));
  co_return jetstream::number(answer, "seq");
}

Task<Result<std::uint64_t>> JetStreamBucket::put(std::string key, std::string value,
                                                 std::optional<std::uint64_t> expected_revision,
                                                 Deadline deadline) {
  Headers headers;
  if (!expected_revision) co_return co_await write(std::move(key), std::move(value), headers, deadline);
  headers.set(std::string(kExpectedRevision), std::to_string(*expected_revision));
  auto written = co_await write(key, value, headers, deadline);
  if (written || *expected_revision != 0 || written.error().code != Errc::conflict) co_return written;
  // An erased key is free too, but it has a revision: that of its erasure.
  KEFU_CO_TRY(const KvEntry entry, co_await newest(key, deadline));
  if (!entry.erased) co_return written;
  headers.set(std::string(kExpectedRevision), std::to_string(entry.revision));
  co_return co_await write(std::move(key), std::move(value), std::move(headers), deadline);
}

Task<Result<>> JetStreamBucket::erase(std::string key, Deadline deadline) {
  Headers headers;
  headers.set(std::string(kKvOperation), "DEL");
  KEFU_CO_CHECK(co_await write(std::move(key), "", std::move(headers), deadline));
  co_return Result<>();
}

Result<std::unique_ptr<KvWatch>> JetStreamBucket::watch() {
  return std::make_unique<JetStreamWatch>(bus_, bucket_);
}

}  // namespace kefu::bus
