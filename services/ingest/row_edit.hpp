#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::ingest {

/// A row of a document as its passages hold it; no passages for one that is to be appended.
struct Row {
  std::uint32_t number = 0;
  std::vector<kefu::v1::Passage> passages;
};

/// The row as it will be, as one line of JSON: so it goes through the same extractor, with the same rules, as
/// the rows of a file. Without a new text a document keeps its passages; then the line holds some text of it.
/// Errors, which name document, row and field: `invalid_argument` for fields that the row does not have, and
/// for phrasings that say the same.
Result<std::string> edited_line(const Row& row, const kefu::v1::RowEdit& edit, std::string_view filename);

/// True when the row's own passages stay, with other labels.
bool keeps_passages(const Row& row, const kefu::v1::RowEdit& edit);

/// `"faq.csv", row 3, answer: the answer is missing`
std::string about_row(std::string_view filename, std::uint32_t row, std::string_view field,
                      std::string_view reason);

}  // namespace kefu::ingest
