#include "edit_publication.hpp"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;
using kefu::v1::PassagePart;
using kefu::v1::VectorPart;

constexpr auto kAppendTime = 10s;

bool same_model(const VectorPart& a, const VectorPart& b) {
  return a.format() == b.format() && a.dimensions() == b.dimensions() &&
         a.model_fingerprint() == b.model_fingerprint();
}

}  // namespace

Task<Result<bool>> EditPublication::next() {
  if (base_part_ == plan_.base.manifest.parts()) {
    KEFU_CO_CHECK(co_await flush());
    if (!replaced_) KEFU_CO_CHECK(co_await publish_replacement());
    co_return false;
  }
  KEFU_CO_TRY(const VectorPart part, co_await documents_.part(plan_.base.key, base_part_));
  const auto count = static_cast<std::size_t>(part.passages().passages_size());
  if (count == 0 || part.vectors().size() % count != 0) {
    co_return fail(Errc::data_corrupt, "a part of the document has vectors of the wrong size");
  }
  for (int i = 0; i < part.passages().passages_size(); ++i) {
    if (plan_.row == 0 || part.passages().passages(i).row() != plan_.row) {
      KEFU_CO_CHECK(co_await copy(part, i));
    } else if (!replaced_) {
      KEFU_CO_CHECK(co_await flush());
      KEFU_CO_CHECK(co_await publish_replacement());
    }
  }
  ++base_part_;
  co_return true;
}

kefu::v1::Manifest EditPublication::manifest() const {
  kefu::v1::Manifest manifest;
  manifest.set_filename(plan_.base.manifest.filename());
  manifest.set_parts(parts_);
  manifest.set_passages(passages_);
  manifest.set_rows(plan_.rows);
  manifest.set_content_type(plan_.base.manifest.content_type());
  return manifest;
}

Task<Result<>> EditPublication::copy(const VectorPart& from, int index) {
  const kefu::v1::Passage& passage = from.passages().passages(index);
  const std::size_t size = passage.ByteSizeLong();
  const int held = open_.passages().passages_size();
  if (held > 0 &&
      (held == kMaxPartPassages || open_bytes_ + size > kMaxPartBytes || !same_model(open_, from))) {
    KEFU_CO_CHECK(co_await flush());
  }
  if (open_.passages().passages_size() == 0) begin_part(from);
  open_bytes_ += size;
  kefu::v1::Passage& added = *open_.mutable_passages()->add_passages();
  added = passage;
  added.set_ordinal(passages_++);
  const std::size_t row_bytes =
      from.vectors().size() / static_cast<std::size_t>(from.passages().passages_size());
  open_.mutable_vectors()->append(from.vectors(), static_cast<std::size_t>(index) * row_bytes, row_bytes);
  co_return Result<>{};
}

void EditPublication::begin_part(const VectorPart& like) {
  PassagePart& part = *open_.mutable_passages();
  part.set_kb_incarnation(version_.kb_incarnation);
  part.set_kb_generation(version_.generation);
  part.set_document(version_.document);
  part.set_version(version_.version);
  part.set_part(parts_++);
  part.set_filename(plan_.base.manifest.filename());
  open_.set_format(like.format());
  open_.set_dimensions(like.dimensions());
  open_.set_model_fingerprint(like.model_fingerprint());
}

Task<Result<>> EditPublication::publish_replacement() {
  replaced_ = true;
  PartBuilder builder(version_, plan_.base.manifest.filename(), payer_);
  std::vector<PassagePart> parts = builder.add(plan_.replacement);
  for (PassagePart& last : builder.finish()) parts.push_back(std::move(last));
  for (PassagePart& part : parts) {
    part.set_part(parts_++);
    for (kefu::v1::Passage& passage : *part.mutable_passages()) passage.set_ordinal(passages_++);
  }
  co_return co_await publisher_.publish(version_, std::move(parts));
}

/// Nobody computed anything for these: they cost nothing and save nothing.
Task<Result<>> EditPublication::flush() {
  if (open_.passages().passages_size() == 0) co_return Result<>{};
  bus::Message message{.subject = proto::vectors_subject(version_, open_.passages().part()),
                       .payload = open_.SerializeAsString()};
  message.headers.set(std::string(proto::kPassagesHeader), std::to_string(open_.passages().passages_size()));
  message.headers.set(std::string(proto::kTokensHeader), "0");
  message.headers.set(std::string(proto::kSavedTokensHeader), "0");
  open_.Clear();
  open_bytes_ = 0;
  KEFU_CO_CHECK(co_await store_.append(std::move(message), Deadline::in(kAppendTime)));
  co_return Result<>{};
}

}  // namespace kefu::ingest
