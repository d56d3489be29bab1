#pragma once

#include "kefu/v1/common.pb.h"

#include <string>

namespace kefu::proto {

/// What of a passage is given to the embedding model, prefix aside: the phrasing of an FAQ row; for a text
/// its path of headings and the text, since a passage cut out of "退换货 > 退款时间" often names neither.
/// Ingest counts its tokens, embedding embeds it.
std::string embedding_input(const kefu::v1::Passage& passage);

}  // namespace kefu::proto
