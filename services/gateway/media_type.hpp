#pragma once

#include <kefu/base/error.hpp>
#include <kefu/http/message.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kefu::gateway {

std::string lower_ascii(std::string_view text);
/// Without blanks at its ends.
std::string_view trimmed(std::string_view text);

/// `text/csv; charset="gbk"` taken apart; the same syntax as that of Content-Disposition.
struct MediaType {
  std::string type;                                             ///< lower case
  std::vector<std::pair<std::string, std::string>> parameters;  ///< names in lower case, values unquoted

  /// The first of this name, nullptr if there is none.
  const std::string* find(std::string_view name) const;
};
/// Never fails: what cannot be read is left out. In a quoted value, a backslash escapes a quote and itself
/// and stands for itself otherwise: browsers do not escape the backslashes of filenames.
MediaType parse_media_type(std::string_view value);

/// What ingest is to read the file as: `text/csv`, or `text/csv; charset=gb18030` where the sender names one
/// of the charsets that ingest reads. The type is the one sent, or the one that the extension tells for
/// application/octet-stream, for what spreadsheets make browsers send, and for an empty one. Errors:
/// `unsupported_media`.
Result<std::string> document_type(std::string_view content_type, std::string_view filename);

/// Errors: `unsupported_media` for a Content-Encoding, which would be stored as nonsense.
Result<> check_not_compressed(const http::Fields& fields);

}  // namespace kefu::gateway
