#include "upload.hpp"

#include "part_writer.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/base/sha256.hpp>
#include <kefu/proto/subjects.hpp>

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

/// The upload's own deadline may be over when its parts are erased.
constexpr auto kEraseTimeout = 5s;

std::unexpected<Error> too_large(std::size_t max_bytes) {
  return fail(Errc::payload_too_large, fmt::format("the file is larger than {} MiB", max_bytes >> 20));
}

/// What a form may be larger than its file: two boundaries, a head.
constexpr std::size_t kFormBytes = std::size_t{16} << 10;

/// The next part, shorter than kPartBytes only at the end of the body.
Task<Result<std::string>> read_part(UploadSource& source, Deadline deadline) {
  std::string part(kPartBytes, '\0');
  std::size_t filled = 0;
  while (filled < part.size()) {
    if (deadline.passed()) co_return fail(Errc::deadline_exceeded, "the upload took longer than it may");
    KEFU_CO_TRY(const std::size_t read, co_await source.read_some(std::span(part).subspan(filled)));
    if (read == 0) break;
    filled += read;
  }
  part.resize(filled);
  co_return part;
}

Task<Result<>> send_parts(UploadSource& source, PartWriter& writer, StoredUpload& upload,
                          std::size_t max_bytes, Deadline deadline, telemetry::Counter received_bytes) {
  Sha256 hash;
  for (;;) {
    KEFU_CO_TRY(std::string part, co_await read_part(source, deadline));
    const std::size_t bytes = part.size();
    received_bytes.add(static_cast<double>(bytes));
    upload.bytes += bytes;
    if (upload.bytes > max_bytes) co_return too_large(max_bytes);
    if (bytes != 0) {
      hash.update(part);
      KEFU_CO_CHECK(co_await writer.put(std::move(part)));
    }
    if (bytes < kPartBytes) break;
  }
  upload.sha256 = hash.hex();
  if (upload.bytes == 0) co_return fail(Errc::invalid_argument, "the file is empty");
  co_return Result<>{};
}

}  // namespace

Result<> check_announced_size(const http::RequestHead& head, std::size_t max_bytes) {
  const std::string_view text = head.fields.get("Content-Length");
  std::uint64_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  const bool is_form = http::media_type(head.fields.get("Content-Type")) == "multipart/form-data";
  const std::size_t limit = max_bytes + (is_form ? kFormBytes : 0);
  if (error == std::errc::result_out_of_range || (error == std::errc{} && bytes > limit))
    return too_large(max_bytes);
  return {};
}

Task<Result<StoredUpload>> store_upload(UploadSource& source, bus::StreamStore& store, std::size_t max_bytes,
                                        Deadline deadline, telemetry::Counter received_bytes) {
  StoredUpload upload{.id = random_id(16)};
  PartWriter writer(co_await asio::this_coro::executor, store, upload.id, deadline);
  const auto sent = co_await send_parts(source, writer, upload, max_bytes, deadline, received_bytes);
  const auto stored = co_await writer.finish();
  if (!sent || !stored) co_await erase_parts(store, writer.sequences());
  if (!sent) co_return fail(explain_full_store(sent.error(), "uploads"));
  if (!stored) co_return fail(explain_full_store(stored.error(), "uploads"));
  upload.parts = writer.parts();
  upload.sequences = writer.sequences();
  co_return upload;
}

Error explain_full_store(Error error, std::string_view stored) {
  if (error.code != Errc::insufficient_storage) return error;
  return Error{
      error.code, fmt::format("the store for {} is full; try again later", stored),
      error.detail.empty() ? std::move(error.message) : fmt::format("{} ({})", error.message, error.detail)};
}

Task<void> erase_parts(bus::StreamStore& store, std::vector<std::uint64_t> sequences) {
  const Deadline deadline = Deadline::in(kEraseTimeout);
  for (const std::uint64_t sequence : sequences) {
    if (!co_await store.erase(std::string(proto::kFilesStream), sequence, deadline)) co_return;
  }
}

}  // namespace kefu::gateway
