#include "bucket_layout.hpp"
#include "memory_state.hpp"
#include "memory_streams.hpp"

#include <utility>

namespace kefu::bus {
namespace {

using StatePtr = std::shared_ptr<MemoryBroker::State>;

class MemoryWatch final : public KvWatch {
 public:
  MemoryWatch(StatePtr state, std::string bucket) : state_(std::move(state)), bucket_(std::move(bucket)) {}

  Task<Result<std::optional<KvEntry>>> next(Deadline deadline) override {
    for (;;) {
      KEFU_CO_TRY(MemoryStream * stream, state_->stream(stream_of(bucket_)));
      if (const StoredMessage* message = stream->at_or_after(next_, "")) {
        next_ = message->sequence + 1;
        co_return std::optional<KvEntry>(to_entry(*message, subject_of(bucket_, "").size()));
      }
      if (!std::exchange(told_, true)) co_return std::optional<KvEntry>();
      if (!co_await state_->changed().wait(deadline)) co_return fail(Errc::deadline_exceeded, "nothing new");
    }
  }

 private:
  StatePtr state_;
  std::string bucket_;
  std::uint64_t next_ = 1;
  bool told_ = false;  // that the present entries have all been given out
};

class MemoryBucket final : public KeyValueBucket {
 public:
  MemoryBucket(StatePtr state, std::string name) : state_(std::move(state)), name_(std::move(name)) {}

  Task<Result<>> ensure(std::chrono::milliseconds ttl, Deadline) override {
    KEFU_CO_CHECK(state_->check());
    StreamSpec spec{.name = stream_of(name_),
                    .subjects = {subject_of(name_, ">")},
                    .max_age = std::chrono::ceil<std::chrono::seconds>(ttl),
                    .max_messages_per_subject = 1,
                    .replace_oldest_of_subject = true};
    const auto [found, created] = state_->streams().try_emplace(spec.name, spec);
    if (!created) found->second.respecify(std::move(spec));
    co_return Result<>();
  }

  Task<Result<KvEntry>> get(std::string key, Deadline) override {
    KEFU_CO_TRY(KvEntry entry, newest(key));
    if (entry.erased) co_return fail(Errc::not_found, "the key was erased");
    co_return entry;
  }

  Task<Result<std::uint64_t>> put(std::string key, std::string value,
                                  std::optional<std::uint64_t> expected_revision, Deadline) override {
    if (expected_revision == 0) {
      const auto entry = newest(key);
      if (entry && entry->erased) expected_revision = entry->revision;
    }
    co_return write(std::move(key), std::move(value), {}, expected_revision);
  }

  Task<Result<>> erase(std::string key, Deadline) override {
    Headers headers;
    headers.set(std::string(kKvOperation), "DEL");
    KEFU_CO_CHECK(write(std::move(key), "", std::move(headers), std::nullopt));
    co_return Result<>();
  }

  Result<std::unique_ptr<KvWatch>> watch() override { return std::make_unique<MemoryWatch>(state_, name_); }

 private:
  Result<KvEntry> newest(const std::string& key) {
    if (!is_key(key)) return fail(Errc::invalid_argument, "not a key: '" + key + "'");
    KEFU_TRY(MemoryStream * stream, state_->stream(stream_of(name_)));
    const StoredMessage* message = stream->last(subject_of(name_, key));
    if (message == nullptr) return fail(Errc::not_found, "no such key");
    return to_entry(*message, subject_of(name_, "").size());
  }

  Result<std::uint64_t> write(std::string key, std::string value, Headers headers,
                              std::optional<std::uint64_t> expected) {
    if (!is_key(key)) return fail(Errc::invalid_argument, "not a key: '" + key + "'");
    KEFU_CHECK(state_->check());
    const auto found = state_->streams().find(stream_of(name_));
    if (found == state_->streams().end()) return fail(Errc::unavailable, "no such bucket");
    const Message message{
        .subject = subject_of(name_, key), .payload = std::move(value), .headers = std::move(headers)};
    return state_->append(found->second, message, expected);
  }

  StatePtr state_;
  std::string name_;
};

}  // namespace

std::unique_ptr<KeyValueBucket> make_memory_bucket(StatePtr state, std::string name) {
  return std::make_unique<MemoryBucket>(std::move(state), std::move(name));
}

}  // namespace kefu::bus
