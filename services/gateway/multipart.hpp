#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// What the head of one part of a form says.
struct FormPart {
  std::string name;
  std::optional<std::string> filename = {};  ///< UTF-8, escapes undone; nullopt: a field rather than a file
  std::string content_type = {};             ///< with its parameters; empty when the part has none
};

/// The boundary of `multipart/form-data; boundary=...`. Errors: `invalid_argument` when it is missing or no
/// boundary (RFC 2046: 1 to 70 characters of a small alphabet).
Result<std::string> multipart_boundary(std::string_view content_type);

/// The head of a part: its lines without the empty one behind them. Errors: `invalid_argument` (no
/// Content-Disposition of form-data with a name, a folded line, a filename that is not UTF-8),
/// `unsupported_media` (a Content-Transfer-Encoding that changes the bytes).
Result<FormPart> parse_part_head(std::string_view head);

/// Takes a form (RFC 7578) in pieces cut anywhere and gives its parts. At most a head, or a line that may be
/// a boundary, is kept between two pieces.
class MultipartParser {
 public:
  struct Limits {
    std::size_t head_bytes = 8192;      ///< of one part
    std::size_t preamble_bytes = 4096;  ///< before the first boundary, and behind the last
  };
  enum class EventKind { part, data, part_end, end };
  struct Event {
    EventKind kind;
    FormPart part = {};     ///< of `part`
    std::string data = {};  ///< of `data`
  };

  explicit MultipartParser(std::string_view boundary);
  MultipartParser(std::string_view boundary, Limits limits);

  /// Errors: `invalid_argument`; then feed() must not be called again.
  Result<std::vector<Event>> feed(std::string_view bytes);
  /// The body is over. Errors: `invalid_argument` when the last boundary has not come.
  Result<> finish() const;

 private:
  enum class State { preamble, head, body, epilogue };
  /// What stands behind the text of a boundary.
  enum class Line { incomplete, none, next_part, last };
  struct Delimiter {
    Line line;
    std::size_t bytes;  ///< of the delimiter, without the line's own end
  };

  Result<bool> step(std::vector<Event>& out);
  Result<bool> take_content(std::vector<Event>& out);
  Result<bool> take_head(std::vector<Event>& out);
  Result<> content(std::size_t bytes, std::vector<Event>& out);
  Result<> skipped(std::size_t bytes);
  Delimiter delimiter_at(std::size_t position) const;

  std::string delimiter_;  ///< CRLF, two hyphens, the boundary
  Limits limits_;
  State state_ = State::preamble;
  std::string buffer_ = "\r\n";  ///< the first boundary needs no line before it
  std::size_t searched_ = 0;     ///< of the buffer: no boundary begins in here
  std::size_t skipped_ = 0;
};

}  // namespace kefu::gateway
