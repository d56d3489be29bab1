#include "janitor.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr auto kStep = 100ms;
constexpr auto kRenewEvery = 2s;
constexpr auto kLookAtLeasesEvery = 1s;
constexpr auto kCallWithin = 2s;
constexpr auto kPauseAfterError = 1s;
constexpr auto kKey = "janitor";
/// As far as a message may be superseded: also by what others have not applied.
constexpr std::uint64_t kWhatever = std::numeric_limits<std::int64_t>::max();

}  // namespace

Janitor::Janitor(const JanitorParts& parts, std::string replica_id, std::size_t erasures_per_second)
    : parts_(parts),
      replica_id_(std::move(replica_id)),
      per_step_(std::max<std::size_t>(1, erasures_per_second / (1s / kStep))) {}

Task<void> Janitor::run() {
  while (!stopping_) {
    const auto step_ends = std::chrono::steady_clock::now() + kStep;
    const bool ours = co_await hold_office();
    Result<> done;
    if (ours) {
      done = co_await erase_some();
    } else {
      done = co_await learn();
    }
    if (!done) {
      co_await sleep_for(kPauseAfterError);
    } else {
      co_await sleep_for(
          std::max<std::chrono::steady_clock::duration>(0ms, step_ends - std::chrono::steady_clock::now()));
    }
  }
  // Another replica need not wait for our entry to expire.
  if (revision_) (void)co_await parts_.bucket.erase(kKey, Deadline::in(kCallWithin));
}

Task<bool> Janitor::hold_office() {
  const auto now = std::chrono::steady_clock::now();
  if (now < renew_at_) co_return revision_.has_value();
  renew_at_ = now + kRenewEvery;
  if (revision_) {
    co_await write_entry(*revision_);
    co_return revision_.has_value();
  }
  auto entry = co_await parts_.bucket.get(kKey, Deadline::in(kCallWithin));
  if (!entry && entry.error().code == Errc::not_found) co_await write_entry(0);
  kefu::v1::JanitorLease lease;
  if (!entry || !lease.ParseFromString(entry->value)) co_return revision_.has_value();
  if (lease.replica() == replica_id_) revision_ = entry->revision;  // ours, from before an interruption
  learned_ = lease.cleared_sequence();
  co_return revision_.has_value();
}

/// Writes our entry if nobody else did; otherwise, or when it is not known, we do not hold the office.
Task<void> Janitor::write_entry(std::uint64_t expected_revision) {
  kefu::v1::JanitorLease lease;
  lease.set_replica(replica_id_);
  lease.set_cleared_sequence(cleared_);
  auto written = co_await parts_.bucket.put(kKey, lease.SerializeAsString(), expected_revision,
                                            Deadline::in(kCallWithin));
  revision_.reset();
  if (written) revision_ = *written;
}

/// The sequence that this replica and every other one that may answer has applied. A lease that begins to
/// count later belongs to a replica that reads at least as far before it answers.
Task<Result<std::uint64_t>> Janitor::applied_by_all() {
  const std::uint64_t epoch = parts_.replica.epoch();
  const auto now = std::chrono::steady_clock::now();
  if (now < look_at_leases_at_ && epoch == leases_epoch_) co_return applied_by_all_;
  std::uint64_t applied = parts_.replica.applied();  // before the leases are read
  const std::string incarnation = parts_.replica.stream_incarnation();
  const Deadline deadline = Deadline::in(kCallWithin);
  KEFU_CO_TRY(const auto watch, parts_.leases.watch());
  while (true) {
    KEFU_CO_TRY(const auto entry, co_await watch->next(deadline));
    if (!entry) break;
    kefu::v1::IndexLease lease;
    if (entry->erased || !lease.ParseFromString(entry->value) || !lease.ready()) continue;
    // One that reads a stream which is no more has applied nothing of this one.
    const bool same_stream = lease.stream_incarnation() == incarnation;
    applied = std::min(applied, same_stream ? lease.applied_sequence() : 0);
  }
  look_at_leases_at_ = now + kLookAtLeasesEvery;
  leases_epoch_ = epoch;
  applied_by_all_ = applied;
  co_return applied;
}

Task<Result<>> Janitor::erase_some() {
  const std::uint64_t epoch = parts_.replica.epoch();
  const std::uint64_t applied_here = parts_.replica.applied();
  KEFU_CO_TRY(const auto any, co_await parts_.replica.superseded(1, kWhatever));
  if (any.empty()) {
    cleared_ = applied_here;
    co_return Result<>{};
  }
  KEFU_CO_TRY(const std::uint64_t applied, co_await applied_by_all());
  KEFU_CO_TRY(auto sequences, co_await parts_.replica.superseded(per_step_, applied));
  if (sequences.empty()) {
    cleared_ = applied;
    co_return Result<>{};
  }
  const std::string stream(proto::kVectorsStream);
  // Sequences of a stream that was made again name other messages.
  KEFU_CO_TRY(const auto state, co_await parts_.streams.state(stream, Deadline::in(kCallWithin)));
  if (epoch != parts_.replica.epoch() || state.incarnation != parts_.replica.stream_incarnation()) {
    co_return fail(Errc::not_ready, "the log was made again");
  }
  for (const std::uint64_t sequence : sequences) {
    KEFU_CO_CHECK(co_await parts_.streams.erase(stream, sequence, Deadline::in(kCallWithin)));
    parts_.metrics.erased.add();
  }
  co_return co_await parts_.replica.erased(std::move(sequences));
}

/// What the janitor has erased need not be remembered here.
Task<Result<>> Janitor::learn() {
  const std::uint64_t cleared = std::exchange(learned_, 0);
  if (cleared == 0) co_return Result<>{};
  co_return co_await parts_.replica.erased_up_to(cleared);
}

}  // namespace kefu::index
