#include "messages.hpp"

#include "kefu/v1/log.pb.h"

#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <utility>

namespace kefu::index {

Result<PassageGroup> read_part(std::string_view payload, std::string& filename) {
  kefu::v1::VectorPart part;
  if (!part.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return fail(Errc::data_corrupt, "a part of a document cannot be read");
  }
  auto& passages = *part.mutable_passages()->mutable_passages();
  const auto count = static_cast<std::size_t>(passages.size());
  const std::size_t dimensions = part.dimensions();
  // A huge number of dimensions must not wrap around to the right number of bytes.
  const std::size_t row_bytes = dimensions * vector::component_bytes(part.format());
  const bool fits = row_bytes == 0 ? part.vectors().empty() : part.vectors().size() / row_bytes == count;
  if (!fits) {
    return fail(Errc::data_corrupt, "a part of a document has vectors of the wrong size");
  }
  std::vector<float> components;
  if (!part.vectors().empty()) {
    KEFU_TRY(components, vector::decode(part.vectors(), part.format(), count * dimensions));
  }
  filename = std::move(*part.mutable_passages()->mutable_filename());
  PassageGroup group{std::move(*part.mutable_model_fingerprint()), {}};
  group.passages.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<float> one;
    if (!components.empty()) {
      const auto first = components.begin() + static_cast<std::ptrdiff_t>(i * dimensions);
      one.assign(first, first + static_cast<std::ptrdiff_t>(dimensions));
      if (!vector::normalize_length(one)) one.clear();
    }
    group.passages.push_back({std::move(passages[static_cast<int>(i)]), std::move(one)});
  }
  return group;
}

Result<> check_filter(const kefu::v1::SearchFilter& filter) {
  constexpr int kMostValues = 1000;
  for (const auto* values : {&filter.filenames(), &filter.documents(), &filter.categories()}) {
    if (values->size() > kMostValues)
      return fail(Errc::invalid_argument, fmt::format("filter: more than {} values in a list", kMostValues));
  }
  for (const int kind : filter.kinds()) {
    if (kind != kefu::v1::PASSAGE_KIND_FAQ && kind != kefu::v1::PASSAGE_KIND_TEXT)
      return fail(Errc::invalid_argument, fmt::format("filter: there is no kind {}", kind));
  }
  return {};
}

Result<LogEntry> read_entry(std::string_view subject, std::string_view payload, std::uint64_t sequence) {
  auto key = proto::parse_vectors_subject(subject);
  if (!key || key->version.version == 0) {
    return fail(Errc::data_corrupt, "a message has a subject that is not of this log", std::string(subject));
  }
  LogEntry entry{*std::move(key), sequence, 0};
  if (!entry.key.manifest) return entry;
  kefu::v1::Manifest manifest;
  if (!manifest.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return fail(Errc::data_corrupt, "a manifest cannot be read", std::string(subject));
  }
  entry.parts = manifest.parts();
  return entry;
}

}  // namespace kefu::index
