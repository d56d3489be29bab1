#include "uploads.hpp"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 10s;

std::unexpected<Error> damaged() {
  return fail(Errc::data_corrupt, "the stored file is not the one that was uploaded: upload it again");
}

}  // namespace

Task<Result<std::string>> UploadedFile::next() {
  while (sequences_.size() < job_.file_parts()) {
    const std::string subject =
        proto::file_part_subject(job_.upload_id(), static_cast<std::uint32_t>(sequences_.size()));
    auto stored = co_await store_.last(std::string(proto::kFilesStream), subject, Deadline::in(kCallTime));
    if (!stored && stored.error().code == Errc::not_found) {
      co_return fail(Errc::not_found, "the uploaded file is not there any more: upload it again");
    }
    if (!stored) co_return fail(std::move(stored).error());
    sequences_.push_back(stored->sequence);
    bytes_ += stored->payload.size();
    hash_.update(stored->payload);
    if (bytes_ > job_.file_bytes()) co_return damaged();
    if (!stored->payload.empty()) co_return std::move(stored->payload);
  }
  if (bytes_ != job_.file_bytes() || hash_.hex() != job_.file_sha256()) co_return damaged();
  co_return std::string();
}

Task<void> Uploads::erase(std::vector<std::uint64_t> sequences) {
  for (const std::uint64_t sequence : sequences) {
    const auto erased =
        co_await store_.erase(std::string(proto::kFilesStream), sequence, Deadline::in(kCallTime));
    if (!erased) co_return;
  }
}

Task<void> Uploads::erase_all_parts(kefu::v1::Job job) {
  for (std::uint32_t part = 0; part < job.file_parts(); ++part) {
    const auto stored =
        co_await store_.last(std::string(proto::kFilesStream),
                             proto::file_part_subject(job.upload_id(), part), Deadline::in(kCallTime));
    if (!stored && stored.error().code == Errc::not_found) continue;
    if (!stored) co_return;
    const auto erased =
        co_await store_.erase(std::string(proto::kFilesStream), stored->sequence, Deadline::in(kCallTime));
    if (!erased) co_return;
  }
}

}  // namespace kefu::ingest
