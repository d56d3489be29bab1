#pragma once

#include "kefu/v1/document.pb.h"
#include "part_store.hpp"

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>

namespace kefu::index {

/// Which documents of a knowledge base, or which passages of one of them: a page.
struct DocumentsPage {
  std::string kb_incarnation;
  std::uint32_t generation = 1;
  std::string after;  ///< filename
  std::uint32_t limit = 0;
};
struct PassagesPage {
  std::string kb_incarnation;
  std::uint32_t generation = 1;
  std::string filename;
  std::uint32_t first = 0;  ///< ordinal
  std::uint32_t limit = 0;
};

/// What is visible, as the disk has it. Replies are shorter than the limit where they would not fit into a
/// message, and say that there is more. Both block. Errors: those of PartStore.
Result<kefu::v1::ListDocumentsResponse> list_documents(PartStore& store, const DocumentsPage& page);
/// Errors: `not_found`.
Result<kefu::v1::GetDocumentResponse> get_document(PartStore& store, const PassagesPage& page);

}  // namespace kefu::index
