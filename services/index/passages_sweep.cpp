#include "passages_sweep.hpp"

#include "knowledge_base_sweep.hpp"

#include <kefu/proto/subjects.hpp>

#include <utility>
#include <vector>

namespace kefu::index {
namespace {

using namespace std::chrono_literals;

constexpr auto kInterval = 500ms;
constexpr auto kPauseAfterError = 2s;
constexpr auto kCallWithin = 2s;
/// A purge looks through the whole stream.
constexpr auto kPurgeWithin = 30s;

std::string stream() { return std::string(proto::kPassagesStream); }

}  // namespace

Task<void> PassagesSweep::run() {
  while (!stopping_) {
    const auto swept = co_await sweep();
    if (swept) {
      co_await sleep_for(kInterval);
    } else {
      co_await sleep_for(kPauseAfterError);
    }
  }
}

Task<Result<>> PassagesSweep::sweep() {
  const auto now = Clock::now();
  std::vector<std::string> due;
  for (const std::string& incarnation : deleted_incarnations(directory_)) {
    const Looks& looks = looks_[incarnation];
    if (looks.left > 0 && looks.next_at <= now) due.push_back(incarnation);
  }
  if (due.empty()) co_return Result<>{};
  KEFU_CO_TRY(const auto state, co_await streams_.state(stream(), Deadline::in(kCallWithin)));
  for (std::string& incarnation : due) {
    if (stopping_) break;
    if (state.messages != 0) KEFU_CO_CHECK(co_await look_at(incarnation));
    Looks& looks = looks_[std::move(incarnation)];
    --looks.left;
    looks.next_at = now + second_look_after_;
  }
  co_return Result<>{};
}

Task<Result<>> PassagesSweep::look_at(std::string incarnation) {
  const std::string subject = proto::passages_of_knowledge_base(incarnation);
  const auto waiting = co_await streams_.last(stream(), subject, Deadline::in(kCallWithin));
  if (!waiting && waiting.error().code == Errc::not_found) co_return Result<>{};
  if (!waiting) co_return fail(waiting.error());
  KEFU_CO_TRY(const auto purged, co_await streams_.purge(stream(), subject, Deadline::in(kPurgeWithin)));
  metrics_.purged.add(static_cast<double>(purged));
  log_.info("passages of a deleted knowledge base will not be embedded",
            {{"incarnation", std::string_view(incarnation)}, {"parts", static_cast<std::int64_t>(purged)}});
  co_return Result<>{};
}

}  // namespace kefu::index
