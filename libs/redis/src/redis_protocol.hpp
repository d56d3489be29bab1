#pragma once

#include <kefu/base/error.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct redisReader;  // NOLINT(readability-identifier-naming): the name that hiredis gave it

namespace kefu::redis {

/// A reply in our own words, so that hiredis stays behind this header.
struct Reply {
  enum class Kind { text, number, nil, list, error };
  Kind kind = Kind::nil;
  std::string text = {};  ///< of text and error
  std::int64_t number = 0;
  std::vector<Reply> list = {};
};

/// Appends one command to `out`. Errors: `internal` (hiredis could not format it).
Result<> append_command(std::string& out, std::span<const std::string_view> arguments);

/// Takes what the server sends, in pieces cut anywhere, and gives its replies.
class ReplyReader {
 public:
  explicit ReplyReader(std::size_t max_reply_bytes);
  ~ReplyReader();

  /// Errors of both: `bad_upstream` (not the protocol, or a reply over the limit); the reader is of no use
  /// then.
  Result<> feed(std::string_view bytes);
  /// nullopt: the next one is not complete.
  Result<std::optional<Reply>> next();

 private:
  struct Free {
    void operator()(redisReader* reader) const noexcept;
  };
  std::unique_ptr<redisReader, Free> reader_;
  std::size_t max_reply_bytes_;
  std::size_t unfinished_bytes_ = 0;
};

}  // namespace kefu::redis
