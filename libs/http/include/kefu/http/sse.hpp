#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::http {

/// One server-sent event (https://html.spec.whatwg.org/multipage/server-sent-events.html).
struct SseEvent {
  std::string event;  ///< "message" when the stream names none
  std::string data;
};

/// `event: NAME`, one `data:` line for each line of `data`, an empty line.
std::string format_sse(std::string_view event, std::string_view data);

/// Takes a stream in pieces cut anywhere and gives its events.
class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes = 1024 * 1024) : max_event_bytes_(max_event_bytes) {}
  /// Errors: `bad_upstream` when one event is over the limit.
  Result<std::vector<SseEvent>> feed(std::string_view bytes);

 private:
  void take_line(std::string_view line, std::vector<SseEvent>& out);

  std::size_t max_event_bytes_;
  std::string buffer_;  ///< a line whose end has not come yet
  SseEvent current_;
  bool has_data_ = false;
  bool at_start_ = true;         ///< a byte order mark may come
  bool skip_line_feed_ = false;  ///< the piece before ended in CR: an LF now belongs to it
};

}  // namespace kefu::http
