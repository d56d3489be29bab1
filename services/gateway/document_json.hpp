#pragma once

#include "kefu/v1/document.pb.h"

#include <string>

namespace kefu::gateway {

/// With `next`, the filename to go on after, when there are more.
std::string documents_json(const kefu::v1::ListDocumentsResponse& response);
/// The summary, with the rows themselves in place of their number, put together from passages. A row that
/// may be torn waits for the next answer, unless it is the only one: `next` is the ordinal to go on from.
std::string document_json(const kefu::v1::GetDocumentResponse& response);

}  // namespace kefu::gateway
