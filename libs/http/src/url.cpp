#include <kefu/http/client.hpp>

#include <algorithm>
#include <charconv>

namespace kefu::http {
namespace {

std::unexpected<Error> bad_url(std::string why) {
  return fail(Errc::invalid_argument, "not a usable URL: " + std::move(why));
}

bool valid_port(std::string_view port) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc{} && end == port.data() + port.size() && number > 0 && number <= 65535;
}

bool valid_host(std::string_view host) {
  return !host.empty() &&
         host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") ==
             std::string_view::npos;
}

bool valid_ip6(std::string_view host) {
  return !host.empty() && host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

/// `host`, `host:port`, `[::1]` or `[::1]:port`.
Result<> take_authority(std::string_view authority, Url& url) {
  if (authority.find('@') != std::string_view::npos)
    return bad_url("a user name or password is not taken in it");
  std::string_view rest;
  if (authority.starts_with('[')) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos || !valid_ip6(authority.substr(1, end - 1))) return bad_url("the host");
    url.host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else {
    const auto colon = authority.find(':');
    url.host = authority.substr(0, colon);
    if (!valid_host(url.host)) return bad_url("the host");
    rest = colon == std::string_view::npos ? std::string_view{} : authority.substr(colon);
  }
  url.port = url.tls ? "443" : "80";
  if (rest.empty()) return {};
  if (!rest.starts_with(':') || !valid_port(rest.substr(1))) return bad_url("the port");
  url.port = rest.substr(1);
  return {};
}

}  // namespace

Result<Url> parse_url(const std::string& url) {
  std::string_view rest = url;
  Url out;
  if (rest.starts_with("https://")) {
    out.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return bad_url("it must start with http:// or https://");
  }
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (!std::ranges::all_of(rest, printable)) return bad_url("characters that must be percent-encoded");
  rest = rest.substr(0, rest.find('#'));
  const auto slash = rest.find_first_of("/?");
  KEFU_CHECK(take_authority(rest.substr(0, slash), out));
  if (slash != std::string_view::npos) out.target = rest.substr(slash);
  if (!out.target.starts_with('/')) out.target.insert(0, "/");
  return out;
}

}  // namespace kefu::http
