#pragma once

#include "kefu/v1/knowledge_base.pb.h"

#include <kefu/base/error.hpp>

#include <string>
#include <string_view>

namespace kefu::gateway {

/// The body of PUT /v1/kbs/{kb}, which may be empty; the name is in the path. Errors: `invalid_argument`.
Result<kefu::v1::PutKnowledgeBaseRequest> parse_put_request(std::string_view body);

std::string knowledge_base_json(const kefu::v1::KnowledgeBase& knowledge_base);
/// With the counts of documents and passages.
std::string knowledge_base_json(const kefu::v1::GetKnowledgeBaseResponse& response);
std::string knowledge_bases_json(const kefu::v1::ListKnowledgeBasesResponse& response);

}  // namespace kefu::gateway
