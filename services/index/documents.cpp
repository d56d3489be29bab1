#include "documents.hpp"

#include "kefu/v1/log.pb.h"
#include "message_limit.hpp"

#include <utility>

namespace kefu::index {
namespace {

/// Errors: `data_corrupt`.
Result<kefu::v1::DocumentSummary> summary(const PartStore::StoredDocument& document) {
  kefu::v1::Manifest manifest;
  if (!manifest.ParseFromString(document.manifest)) {
    return fail(Errc::data_corrupt, "the index on disk is damaged", "a manifest cannot be read");
  }
  kefu::v1::DocumentSummary made;
  made.set_filename(document.filename);
  made.set_version(document.version);
  made.set_passages(document.passages);
  made.set_rows(manifest.rows());
  made.set_content_type(std::move(*manifest.mutable_content_type()));
  made.set_file_bytes(manifest.file_bytes());
  made.set_file_sha256(std::move(*manifest.mutable_file_sha256()));
  made.set_created_unix_ms(manifest.created_unix_ms());
  return made;
}

/// Takes passages until the page or the message is full.
class PassageTaker {
 public:
  PassageTaker(const PassagesPage& page, kefu::v1::GetDocumentResponse& response)
      : page_(page), response_(response) {}

  /// False when no more parts are needed.
  bool take(std::string_view payload) {
    kefu::v1::VectorPart part;
    readable_ = part.ParseFromArray(payload.data(), static_cast<int>(payload.size()));
    if (!readable_) return false;
    for (kefu::v1::Passage& passage : *part.mutable_passages()->mutable_passages()) {
      if (passage.ordinal() < page_.first) continue;
      bytes_ += passage.ByteSizeLong() + kFieldBytes;
      // One passage has room in any case, since it came in a message; without it no reader would get on.
      const bool fits = bytes_ <= kMostReplyBytes || response_.passages().empty();
      if (std::cmp_equal(response_.passages_size(), page_.limit) || !fits) {
        response_.set_more(true);
        return false;
      }
      *response_.add_passages() = std::move(passage);
    }
    return true;
  }
  bool readable() const { return readable_; }

 private:
  const PassagesPage& page_;
  kefu::v1::GetDocumentResponse& response_;
  std::size_t bytes_ = 0;
  bool readable_ = true;
};

}  // namespace

Result<kefu::v1::ListDocumentsResponse> list_documents(PartStore& store, const DocumentsPage& page) {
  KEFU_TRY(const auto documents,
           store.documents(page.kb_incarnation, page.generation, page.after, std::size_t{page.limit} + 1));
  kefu::v1::ListDocumentsResponse response;
  std::size_t bytes = 0;
  for (const auto& document : documents) {
    KEFU_TRY(kefu::v1::DocumentSummary made, summary(document));
    bytes += made.ByteSizeLong() + kFieldBytes;
    if (std::cmp_equal(response.documents_size(), page.limit) || bytes > kMostReplyBytes) {
      response.set_more(true);
      break;
    }
    *response.add_documents() = std::move(made);
  }
  return response;
}

Result<kefu::v1::GetDocumentResponse> get_document(PartStore& store, const PassagesPage& page) {
  kefu::v1::GetDocumentResponse response;
  PassageTaker taker(page, response);
  KEFU_TRY(const auto document,
           store.document(page.kb_incarnation, page.generation, page.filename, page.first,
                          [&](std::string_view part) { return taker.take(part); }));
  if (!document) return fail(Errc::not_found, "there is no document \"" + page.filename + "\"");
  if (!taker.readable()) {
    return fail(Errc::data_corrupt, "the index on disk is damaged", "a part of a document cannot be read");
  }
  KEFU_TRY(*response.mutable_document(), summary(*document));
  return response;
}

}  // namespace kefu::index
