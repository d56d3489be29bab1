#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/async/task_group.hpp>
#include <kefu/bus/jetstream.hpp>
#include <kefu/bus/nats_bus.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/testing/run_task.hpp>
#include <kefu/testing/servers.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kefu::ingest {

/// kefu-ingest as a process, with a real nats-server; the test stands for everything around it.
class IngestHarness : public ::testing::Test {
 protected:
  IngestHarness();
  ~IngestHarness() override;

  static Deadline soon() { return Deadline::in(std::chrono::seconds(20)); }
  template <class T>
  T run(Task<Result<T>> task) {
    auto result = testing::run_task(io_, std::move(task));
    EXPECT_TRUE(result) << result.error().message << " " << result.error().detail;
    if constexpr (!std::is_void_v<T>) return result ? std::move(*result) : T();
  }

  void start_ingest(std::vector<std::string> extra_arguments = {});
  /// SIGTERM; returns the exit status.
  std::optional<int> terminate_ingest();

  // What the gateway does.
  std::uint64_t upload(const std::string& filename, const std::string& bytes);
  std::uint64_t remove(const std::string& filename);
  std::uint64_t edit(const std::string& filename, const kefu::v1::RowEdit& edit);
  Result<kefu::v1::JobState> job(std::uint64_t id);
  Result<kefu::v1::JobState> cancel(std::uint64_t id);
  std::vector<kefu::v1::JobState> unfinished_jobs();
  /// Waits until the job is in this state and returns it, or what it is in after 40 s.
  kefu::v1::JobState wait_for(std::uint64_t id, kefu::v1::JobState::State wanted);

  // What embedding does: counts a token for each byte, and embeds until it is stopped.
  void start_embedding();
  // What an index replica does: applies everything, and says so every 100 ms.
  void start_index();

  /// Waits until all passages of a job wait to be embedded.
  void wait_published(std::uint64_t id);
  std::uint64_t messages(std::string_view stream);
  bool has_manifest(std::uint64_t id);

  /// Subjects of KEFU_VECTORS that belong to a job, in order.
  std::vector<std::string> log_of(std::uint64_t job);

  asio::io_context io_;
  testing::NatsServer nats_;
  testing::TemporaryDirectory folder_;
  bus::NatsBus bus_{io_.get_executor(), {.url = nats_.url()}, [](bool) {}};
  bus::JetStreamStore store_{bus_};
  bus::JetStreamReader reader_{io_.get_executor(), bus_};
  bus::JetStreamBucket knowledge_bases_{io_.get_executor(), bus_, std::string(proto::kKnowledgeBasesBucket)};
  bus::JetStreamBucket states_{io_.get_executor(), bus_, std::string(proto::kJobStatesBucket)};
  bus::JetStreamBucket leases_{io_.get_executor(), bus_, std::string(proto::kLeasesBucket)};
  std::optional<testing::Process> ingest_;

 private:
  std::uint64_t append(kefu::v1::Job job);
  Result<std::string> request(std::string_view subject, std::string payload);
  Task<Result<std::string>> count_tokens(std::string request);
  Task<bus::WorkOutcome> embed(bus::StoredMessage message);
  Task<void> renew_lease();

  TaskGroup tasks_{io_.get_executor(), [](std::exception_ptr) { ADD_FAILURE(); }};
  std::unique_ptr<bus::Subscription> counting_;
  std::unique_ptr<bus::Subscription> embedding_;
  bool stopping_ = false;
};

}  // namespace kefu::ingest
