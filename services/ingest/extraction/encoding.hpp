#pragma once

#include "decoded_text.hpp"

#include <kefu/base/error.hpp>

#include <string_view>

namespace kefu::ingest {

/// The text of a file. `charset` is what its uploader said, in small letters; without it the encoding is
/// found out: a byte order mark decides, then UTF-16 whose NUL bytes give it away, UTF-8, and GB18030 (of
/// which GBK and GB2312 are parts) where what comes out looks like Chinese. A few undecodable bytes are left
/// for the reader of rows. `bytes` outlives the result. Errors: `invalid_argument` for binary files, unknown
/// charsets and text in no encoding, naming a byte.
Result<DecodedText> decode(std::string_view bytes, std::string_view charset);

}  // namespace kefu::ingest
