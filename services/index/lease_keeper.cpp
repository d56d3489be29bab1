#include "lease_keeper.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/proto/subjects.hpp>

#include <utility>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr auto kRenewEvery = 2s;
constexpr auto kWriteWithin = 2s;
/// Changes within this time are told together.
constexpr auto kCoalesce = 50ms;
constexpr auto kRetryPause = 250ms;

}  // namespace

LeaseKeeper::LeaseKeeper(asio::any_io_executor executor, bus::KeyValueBucket& leases,
                         bus::StreamStore& streams, Replica& replica, std::string replica_id,
                         const telemetry::Logger& log)
    : leases_(leases),
      streams_(streams),
      replica_(replica),
      replica_id_(std::move(replica_id)),
      log_(log),
      became_ready_(executor) {}

void LeaseKeeper::stop() {
  stopping_ = true;
  became_ready_.raise();
}

bool LeaseKeeper::ready() const {
  return live() && target_ && target_epoch_ == replica_.epoch() && replica_.applied() >= *target_;
}

Task<bool> LeaseKeeper::wait_ready(Deadline deadline) {
  while (!ready()) {
    if (stopping_ || !co_await became_ready_.wait(deadline)) co_return ready();
  }
  co_return true;
}

std::string LeaseKeeper::reason() const {
  if (ready()) return {};
  if (!live()) return "the lease of this replica is not written";
  if (!replica_.following()) return "the end of the log is not known yet";
  const std::uint64_t end = target_ && target_epoch_ == replica_.epoch() ? *target_ : replica_.stream_end();
  return "the log is read up to " + std::to_string(replica_.applied()) + " of " + std::to_string(end);
}

Task<void> LeaseKeeper::run() {
  while (!stopping_) {
    co_await renew();
    co_await wait_for_change();
  }
}

bool LeaseKeeper::caught_up() const {
  return replica_.following() && replica_.applied() >= replica_.stream_end();
}

bool LeaseKeeper::stale() const {
  return replica_.applied() != written_applied_ || counts_epoch_ != replica_.epoch();
}

Task<void> LeaseKeeper::renew() {
  const std::uint64_t epoch = replica_.epoch();
  if (!live() || counts_epoch_ != epoch) counts_ = false;
  const bool counts = counts_ || caught_up();
  kefu::v1::IndexLease lease;
  lease.set_replica(replica_id_);
  lease.set_applied_sequence(replica_.applied());
  lease.set_ready(counts);
  lease.set_stream_incarnation(replica_.stream_incarnation());
  const auto began = Clock::now();  // the lease lives from its arrival, which cannot be earlier
  auto written =
      co_await leases_.put(replica_id_, lease.SerializeAsString(), std::nullopt, Deadline::in(kWriteWithin));
  if (!live()) target_.reset();  // it had lapsed: whoever looked meanwhile did not wait for this replica
  if (!written && !std::exchange(failing_, true)) {
    log_.warning("the lease cannot be written", {{"error", std::string_view(written.error().message)}});
  }
  if (!written) co_return;
  failing_ = false;
  live_until_ = began + kLeaseTtl;
  written_applied_ = lease.applied_sequence();
  counts_ = counts;
  counts_epoch_ = epoch;
  if (counts_ && (!target_ || target_epoch_ != epoch)) co_await find_target(epoch);
}

Task<void> LeaseKeeper::find_target(std::uint64_t epoch) {
  auto state = co_await streams_.state(std::string(proto::kVectorsStream), Deadline::in(kWriteWithin));
  if (!state) co_return;  // asked again after the next renewal
  target_ = state->last_sequence;
  target_epoch_ = epoch;
}

Task<void> LeaseKeeper::wait_for_change() {
  if (failing_ || !live() || !target_ || target_epoch_ != replica_.epoch()) {
    (void)co_await replica_.changed().wait(Deadline::in(kRetryPause));
    co_await sleep_for(kCoalesce);
    co_return;
  }
  if (ready()) became_ready_.raise();
  if (!stale()) (void)co_await replica_.changed().wait(Deadline::in(kRenewEvery));
  if (ready()) became_ready_.raise();
  co_await sleep_for(kCoalesce);
}

Task<void> LeaseKeeper::give_up(Deadline deadline) {
  live_until_ = {};
  (void)co_await leases_.erase(replica_id_, deadline);
}

}  // namespace kefu::index
