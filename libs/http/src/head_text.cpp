#include "head_text.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/status.hpp>

#include <array>
#include <charconv>
#include <string_view>

namespace kefu::http {
namespace {

using boost::beast::iequals;

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  out.append(digits.data(), end);
}

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c != '\r' && c != '\n' && c != '\0') out.push_back(c);
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  append_clean(out, name);
  out += ": ";
  append_clean(out, value);
  out += "\r\n";
}

void append_length(std::string& out, std::size_t length) {
  out += "Content-Length: ";
  append_number(out, length);
  out += "\r\n";
}

bool about_framing(std::string_view name) {
  return iequals(name, "content-length") || iequals(name, "transfer-encoding") || iequals(name, "connection");
}

}  // namespace

bool status_has_no_body(int status) { return status / 100 == 1 || status == 204 || status == 304; }

std::string response_head(const Response& response, Framing framing, bool keep_alive, bool http_1_0) {
  const std::string_view reason = boost::beast::http::obsolete_reason(
      boost::beast::http::int_to_status(static_cast<unsigned>(response.status)));
  std::string out;
  out.reserve(256);
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(response.status));
  out += ' ';
  if (!reason.starts_with('<')) out += reason;  // Beast's placeholder for one that it does not know
  out += "\r\nServer: kefu\r\n";
  for (const auto& [name, value] : response.fields) {
    if (!about_framing(name)) append_field(out, name, value);
  }
  if (framing == Framing::length) append_length(out, response.body.size());
  if (framing == Framing::chunked) out += "Transfer-Encoding: chunked\r\n";
  if (!keep_alive) out += "Connection: close\r\n";
  if (keep_alive && http_1_0) out += "Connection: keep-alive\r\n";
  out += "\r\n";
  return out;
}

std::string request_head(const ClientRequest& request, const Url& url) {
  const bool ip6 = url.host.find(':') != std::string::npos;
  std::string out;
  out.reserve(256 + url.target.size());
  append_clean(out, request.method);
  out += ' ';
  out += url.target;
  out += " HTTP/1.1\r\nHost: ";
  out += ip6 ? "[" + url.host + "]" : url.host;
  if (url.port != (url.tls ? "443" : "80")) out += ":" + url.port;
  out += "\r\n";
  bool user_agent = false;
  for (const auto& [name, value] : request.fields) {
    if (about_framing(name) || iequals(name, "host")) continue;
    user_agent = user_agent || iequals(name, "user-agent");
    append_field(out, name, value);
  }
  if (!user_agent) out += "User-Agent: kefu\r\n";
  const bool bodyless = request.method == "GET" || request.method == "HEAD" || request.method == "DELETE";
  if (!request.body.empty() || !bodyless) append_length(out, request.body.size());
  out += "\r\n";
  return out;
}

}  // namespace kefu::http
