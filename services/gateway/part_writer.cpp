#include "part_writer.hpp"

#include <kefu/proto/subjects.hpp>

#include <exception>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

/// A server that only stalls must not hold an upload for minutes.
constexpr auto kAppendTimeout = 5s;

}  // namespace

PartWriter::PartWriter(asio::any_io_executor executor, bus::StreamStore& store, std::string upload_id,
                       Deadline deadline)
    : store_(store),
      upload_id_(std::move(upload_id)),
      deadline_(deadline),
      acknowledged_(executor),
      appends_(executor, [this](std::exception_ptr) {
        finished(Error{Errc::internal, "a part of the upload could not be stored"});
      }) {}

Result<> PartWriter::outcome() const {
  if (failure_) return fail(*failure_);
  return {};
}

Task<Result<>> PartWriter::put(std::string part) {
  KEFU_CO_CHECK(outcome());
  ++unacknowledged_;
  appends_.spawn(append(parts_++, std::move(part)));
  while (unacknowledged_ >= kMaxUnacknowledged && !failure_) {
    if (!co_await acknowledged_.wait(deadline_)) {
      co_return fail(Errc::deadline_exceeded, "the upload took longer than it may");
    }
  }
  co_return outcome();
}

Task<Result<>> PartWriter::finish() {
  co_await appends_.join();
  co_return outcome();
}

Task<void> PartWriter::append(std::uint32_t number, std::string part) {
  bus::Message message{.subject = proto::file_part_subject(upload_id_, number), .payload = std::move(part)};
  auto stored = co_await store_.append(std::move(message), deadline_.at_most(kAppendTimeout));
  if (stored) sequences_.push_back(*stored);
  finished(stored ? std::nullopt : std::optional(std::move(stored).error()));
}

void PartWriter::finished(std::optional<Error> failure) {
  --unacknowledged_;
  if (failure && !failure_) failure_ = std::move(failure);
  acknowledged_.raise();
}

}  // namespace kefu::gateway
