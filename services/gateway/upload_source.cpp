#include "upload_source.hpp"

#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <utility>

namespace kefu::gateway {
namespace {

constexpr std::size_t kReadBytes = std::size_t{64} << 10;

}  // namespace

Task<Result<FormPart>> FormFileSource::open() {
  while (!file_ && !ended_) KEFU_CO_CHECK(co_await read_on());
  if (!file_) co_return fail(Errc::invalid_argument, "the form holds no file");
  co_return *file_;
}

Task<Result<std::size_t>> FormFileSource::read_some(std::span<char> into) {
  while (taken_ == pending_.size() && !ended_) KEFU_CO_CHECK(co_await read_on());
  const std::size_t bytes = std::min(into.size(), pending_.size() - taken_);
  std::copy_n(pending_.begin() + static_cast<std::ptrdiff_t>(taken_), bytes, into.begin());
  taken_ += bytes;
  co_return bytes;
}

/// One piece of the body; everything before it has been taken.
Task<Result<>> FormFileSource::read_on() {
  if (deadline_.passed()) co_return fail(Errc::deadline_exceeded, "the upload took longer than it may");
  std::string piece(kReadBytes, '\0');
  KEFU_CO_TRY(const std::size_t bytes, co_await exchange_.read_some(piece));
  pending_.clear();
  taken_ = 0;
  if (bytes == 0) {
    ended_ = true;
    co_return parser_.finish();
  }
  KEFU_CO_TRY(std::vector<MultipartParser::Event> events,
              parser_.feed(std::string_view(piece).substr(0, bytes)));
  for (MultipartParser::Event& event : events) KEFU_CO_CHECK(take(std::move(event)));
  co_return Result<>{};
}

Result<> FormFileSource::take(MultipartParser::Event event) {
  if (event.kind == MultipartParser::EventKind::data) pending_ += event.data;
  if (event.kind != MultipartParser::EventKind::part) return {};
  const std::string name(text::truncate_utf8(event.part.name, 64));
  if (!event.part.filename) {
    return fail(Errc::invalid_argument,
                "the form field \"" + name + "\" is not taken: send one file and nothing else");
  }
  if (file_)
    return fail(Errc::invalid_argument, "the form holds a second file, \"" + name + "\": send one at a time");
  file_ = std::move(event.part);
  return {};
}

}  // namespace kefu::gateway
