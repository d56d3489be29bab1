#include "clearance.hpp"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 5s;
constexpr auto kPurgeTime = 30s;

}  // namespace

Task<Result<>> Clearance::clear(kefu::v1::JobState failed) {
  const proto::VersionKey version = version_of(failed);
  KEFU_CO_CHECK(co_await purge(proto::kPassagesStream, proto::passages_of_version(version)));
  KEFU_CO_CHECK(co_await purge(proto::kVectorsStream, proto::vectors_of_version(version)));
  KEFU_CO_CHECK(co_await states_.change(failed.job(), [](kefu::v1::JobState& state) {
    if (state.state() != kefu::v1::JobState::STATE_FAILED || state.cleared()) return false;
    state.set_cleared(true);
    return true;
  }));
  co_return Result<>{};
}

Task<Result<>> Clearance::drop_passages(proto::VersionKey version) {
  co_return co_await purge(proto::kPassagesStream, proto::passages_of_version(version));
}

Task<Result<>> Clearance::erase_strays(std::vector<std::uint64_t> sequences) {
  for (const std::uint64_t sequence : sequences) {
    KEFU_CO_CHECK(
        co_await store_.erase(std::string(proto::kVectorsStream), sequence, Deadline::in(kCallTime)));
  }
  co_return Result<>{};
}

/// A purge goes through the whole stream; to see that there is nothing to purge is cheap.
Task<Result<>> Clearance::purge(std::string_view stream, std::string subjects) {
  const auto any = co_await store_.last(std::string(stream), subjects, Deadline::in(kCallTime));
  if (!any && any.error().code == Errc::not_found) co_return Result<>{};
  if (!any) co_return fail(any.error());
  KEFU_CO_CHECK(co_await store_.purge(std::string(stream), std::move(subjects), Deadline::in(kPurgeTime)));
  co_return Result<>{};
}

}  // namespace kefu::ingest
