#pragma once

#include <kefu/async/task_group.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/bus/stream_store.hpp>

#include <memory>
#include <string>

namespace kefu::bus {

/// Durable streams of a NATS server, spoken through its JSON API ($JS.API.>) over a MessageBus: nats.c 3.4.1
/// has neither an asynchronous pull nor asynchronous management calls. Protocol:
/// https://docs.nats.io/reference/reference-protocols/nats_api_reference
class JetStreamStore final : public StreamStore {
 public:
  explicit JetStreamStore(MessageBus& bus) : bus_(bus) {}
  Task<Result<>> ensure(StreamSpec spec, Deadline deadline) override;
  Task<Result<StreamState>> state(std::string stream, Deadline deadline) override;
  Task<Result<std::uint64_t>> append(Message message, Deadline deadline) override;
  Task<Result<StoredMessage>> last(std::string stream, std::string subject, Deadline deadline) override;
  Task<Result<>> erase(std::string stream, std::uint64_t sequence, Deadline deadline) override;
  Task<Result<std::uint64_t>> purge(std::string stream, std::string subject, Deadline deadline) override;

 private:
  MessageBus& bus_;
};

class JetStreamReader final : public StreamReader {
 public:
  JetStreamReader(asio::any_io_executor executor, MessageBus& bus)
      : executor_(std::move(executor)), bus_(bus) {}
  Task<Result<std::unique_ptr<Subscription>>> work(WorkOptions options, WorkHandler handler,
                                                   GiveUpHandler give_up, Deadline deadline) override;
  Result<std::unique_ptr<Replay>> replay(ReplayOptions options) override;
  Task<Result<std::uint64_t>> finished_up_to(std::string stream, std::string durable,
                                             Deadline deadline) override;
  Task<Result<ConsumerState>> consumer_state(std::string stream, std::string durable,
                                             Deadline deadline) override;

 private:
  asio::any_io_executor executor_;
  MessageBus& bus_;
};

class JetStreamBucket final : public KeyValueBucket {
 public:
  JetStreamBucket(asio::any_io_executor executor, MessageBus& bus, std::string bucket);
  ~JetStreamBucket() override;
  Task<Result<>> ensure(std::chrono::milliseconds ttl, Deadline deadline) override;
  Task<Result<KvEntry>> get(std::string key, Deadline deadline) override;
  Task<Result<std::uint64_t>> put(std::string key, std::string value,
                                  std::optional<std::uint64_t> expected_revision, Deadline deadline) override;
  Task<Result<>> erase(std::string key, Deadline deadline) override;
  Result<std::unique_ptr<KvWatch>> watch() override;

 private:
  Task<Result<KvEntry>> newest(std::string key, Deadline deadline);
  Task<Result<std::uint64_t>> write(std::string key, std::string value, Headers headers, Deadline deadline);

  asio::any_io_executor executor_;
  MessageBus& bus_;
  std::string bucket_;
};

}  // namespace kefu::bus
