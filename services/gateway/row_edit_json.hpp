#pragma once

#include "kefu/v1/log.pb.h"

#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kefu::gateway {

/// Room for a long text of a JSONL document; the edit goes into one message, which NATS limits to 1 MiB.
inline constexpr std::size_t kMaxRowBytes = std::size_t{512} << 10;

struct RowChange {
  kefu::v1::RowEdit edit;
  std::uint64_t base_version = 0;  ///< 0: whichever is the newest
};

/// The body of PATCH .../rows/{row} (ACTION_CHANGE) and of POST .../rows (ACTION_APPEND). The limits of
/// questions and answers are those of ingest, which knows what the file is. Errors: `invalid_argument`,
/// naming the field.
Result<RowChange> parse_row_edit(std::string_view body, kefu::v1::RowEdit::Action action);

/// Of the path. Errors: `not_found`: what is no number is no row.
Result<std::uint32_t> parse_row(std::string_view row);

}  // namespace kefu::gateway
