#include "orphan_sweep.hpp"

#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallWithin = 2s;
/// How long stop() may take to be noticed.
constexpr std::chrono::milliseconds kStep = 500ms;

}  // namespace

Task<void> OrphanSweep::run() {
  while (!stopping_) {
    co_await pause();
    // What fails is tried again by the next sweep.
    if (!stopping_ && replica_.following()) (void)co_await sweep();
  }
}

Task<void> OrphanSweep::pause() {
  const auto end = std::chrono::steady_clock::now() + interval_;
  while (!stopping_ && std::chrono::steady_clock::now() < end) co_await sleep_for(std::min(kStep, interval_));
}

Task<Result<>> OrphanSweep::sweep() {
  const auto now = co_await replica_.incomplete();
  const auto before = std::exchange(incomplete_, {now.begin(), now.end()});
  for (const proto::VersionKey& version : now) {
    if (stopping_) break;
    if (before.contains(version)) KEFU_CO_CHECK(co_await look_up(version));
  }
  co_return Result<>{};
}

Task<Result<>> OrphanSweep::look_up(proto::VersionKey version) {
  const std::uint64_t epoch = replica_.epoch();
  const std::uint64_t applied = replica_.applied();  // before the question: what comes after it stays
  const auto left = co_await streams_.last(std::string(proto::kVectorsStream),
                                           proto::vectors_of_version(version), Deadline::in(kCallWithin));
  if (left) co_return Result<>{};
  if (left.error().code != Errc::not_found) co_return fail(left.error());
  if (epoch != replica_.epoch()) co_return fail(Errc::not_ready, "the log was made again");
  KEFU_CO_TRY(const std::size_t dropped, co_await replica_.drop(version, applied));
  metrics_.dropped.add(static_cast<double>(dropped));
  log_.info("a version that never became whole has left the log",
            {{"document", std::string_view(version.document)},
             {"version", static_cast<std::int64_t>(version.version)}});
  co_return Result<>{};
}

}  // namespace kefu::index
