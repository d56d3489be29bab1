#pragma once

#include "extraction_sink.hpp"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string_view>

namespace kefu::ingest {

/// FAQ rows of a CSV text with a header: question, answer, similar, category, id or 问题, 答案, 相似问题,
/// 分类, 编号; other columns are passed over. `offset` is where the text begins in its file. Errors:
/// `invalid_argument` when the header does not say which columns hold question and answer.
Result<> extract_faq_csv(std::string_view text, std::size_t offset, ExtractionSink& sink);

}  // namespace kefu::ingest
