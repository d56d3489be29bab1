#include <kefu/redis/redis_options.hpp>

#include <charconv>
#include <optional>
#include <string_view>

namespace kefu::redis {
namespace {

constexpr std::string_view kScheme = "redis://";

/// No part of the URL is in a message: it may hold the password.
std::unexpected<Error> bad_url(std::string_view what) {
  return fail(
      Errc::invalid_argument,
      "not a usable Redis URL (redis://[user[:password]@]host[:port][/database]): " + std::string(what));
}

std::optional<int> number_in(std::string_view text, int low, int high) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number < low || number > high)
    return std::nullopt;
  return number;
}

/// Passwords hold characters that a URL cannot.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    int byte = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2 || byte < 0)
      return std::nullopt;
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

Result<> take_credentials(std::string_view text, RedisOptions& options) {
  const auto colon = text.find(':');
  const auto user = decode(text.substr(0, colon));
  const auto password = decode(colon == std::string_view::npos ? std::string_view{} : text.substr(colon + 1));
  if (!user || !password) return bad_url("a malformed escape in user or password");
  if (!user->empty() && password->empty())
    return bad_url("a user without a password (a password alone is written :password@)");
  options.username = *user;
  options.password = *password;
  return {};
}

Result<> take_address(std::string_view text, RedisOptions& options) {
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return bad_url("the host");
    options.host = text.substr(1, end - 1);
    rest = text.substr(end + 1);
  } else {
    options.host = text.substr(0, text.find(':'));
    rest = text.substr(options.host.size());
  }
  if (options.host.empty()) return bad_url("the host");
  if (rest.empty()) return {};
  if (!rest.starts_with(':') || !number_in(rest.substr(1), 1, 65535)) return bad_url("the port");
  options.port = rest.substr(1);
  return {};
}

}  // namespace

Result<RedisOptions> parse_redis_url(const std::string& url) {
  std::string_view rest = url;
  if (!rest.starts_with(kScheme)) return bad_url("it must start with redis://");
  rest.remove_prefix(kScheme.size());
  RedisOptions options;
  const auto slash = rest.find('/', rest.rfind('@') == std::string_view::npos ? 0 : rest.rfind('@'));
  const auto path = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) {
    KEFU_CHECK(take_credentials(rest.substr(0, at), options));
    rest.remove_prefix(at + 1);
  }
  KEFU_CHECK(take_address(rest, options));
  if (!path.empty()) {
    const auto database = number_in(path, 0, 1'000'000);
    if (!database) return bad_url("the database, which is a number");
    options.database = *database;
  }
  return options;
}

}  // namespace kefu::redis
