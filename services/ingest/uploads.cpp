#include "uploads.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr auto kCallTime = 10s;

}  // namespace

Task<Result<Uploads::File>> Uploads::read(kefu::v1::Job job) {
  File file;
  for (std::uint32_t part = 0; part < job.file_parts(); ++part) {
    auto stored =
        co_await store_.last(std::string(proto::kFilesStream),
                             proto::file_part_subject(job.upload_id(), part), Deadline::in(kCallTime));
    if (!stored && stored.error().code == Errc::not_found) {
      co_return fail(Errc::not_found, "the uploaded file is not there any more: upload it again");
    }
    if (!stored) co_return fail(std::move(stored).error());
    file.bytes += stored->payload;
    file.sequences.push_back(stored->sequence);
    if (file.bytes.size() > job.file_bytes()) break;
  }
  if (file.bytes.size() != job.file_bytes() || sha256_hex(file.bytes) != job.file_sha256()) {
    co_return fail(Errc::data_corrupt, "the stored file is not the one that was uploaded: upload it again");
  }
  co_return file;
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
