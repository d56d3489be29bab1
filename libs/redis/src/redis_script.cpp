#include "redis_script.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <iterator>
#include <utility>

namespace kefu::redis {
namespace {

/// What a server answers that has not seen the script since its start.
constexpr std::string_view kNoScript = "NOSCRIPT";

/// The name that EVALSHA knows the script by.
std::string sha1_hex(std::string_view data) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(data.data(), data.size(), digest.data(), &size, EVP_sha1(), nullptr);
  std::string text;
  for (unsigned i = 0; i < size; ++i) fmt::format_to(std::back_inserter(text), "{:02x}", digest[i]);
  return text;
}

Result<std::string> command(std::string_view verb, std::string_view script,
                            const std::vector<std::string>& keys, const std::vector<std::string>& arguments) {
  const std::string count = std::to_string(keys.size());
  std::vector<std::string_view> words{verb, script, count};
  words.reserve(words.size() + keys.size() + arguments.size());
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::string bytes;
  KEFU_CHECK(append_command(bytes, words));
  return bytes;
}

}  // namespace

Script::Script(std::string_view text) : text_(text), digest_(sha1_hex(text)) {}

Task<Result<Reply>> Script::run(std::shared_ptr<Connection> connection, std::vector<std::string> keys,
                                std::vector<std::string> arguments, Deadline deadline) const {
  KEFU_CO_TRY(std::string brief, command("EVALSHA", digest_, keys, arguments));
  KEFU_CO_TRY(auto replies, co_await connection->call(std::move(brief), 1, deadline));
  if (replies.front().kind == Reply::Kind::error && replies.front().text.starts_with(kNoScript)) {
    KEFU_CO_TRY(std::string whole, command("EVAL", text_, keys, arguments));
    KEFU_CO_TRY(replies, co_await connection->call(std::move(whole), 1, deadline));
  }
  if (replies.front().kind == Reply::Kind::error)
    co_return fail(Errc::bad_upstream, "the cache refused a script", replies.front().text);
  co_return std::move(replies.front());
}

}  // namespace kefu::redis
