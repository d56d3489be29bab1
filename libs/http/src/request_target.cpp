#include "request_target.hpp"

#include <algorithm>

namespace kefu::http {
namespace {

std::string decode_form(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

void take_query(std::string_view query, std::map<std::string, std::string>& out) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    const auto value = equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1);
    out.try_emplace(decode_form(pair.substr(0, equals)), decode_form(value));
  }
}

/// The form that clients send to proxies; servers must take it too (RFC 9112, section 3.2.2).
std::string_view without_authority(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    const auto path = target.find_first_of("/?", scheme.size());
    return path == std::string_view::npos ? "/" : target.substr(path);
  }
  return target;
}

}  // namespace

Result<> take_request_target(std::string_view target, RequestHead& head) {
  target = without_authority(target.substr(0, target.find('#')));
  const auto question_mark = target.find('?');
  head.encoded_path = target.substr(0, question_mark);
  if (question_mark != std::string_view::npos) {
    take_query(target.substr(question_mark + 1), head.query);
    if (head.encoded_path.empty()) head.encoded_path = "/";
  }
  if (!head.encoded_path.starts_with('/') && head.encoded_path != "*") {
    return fail(Errc::invalid_argument, "the request target is not a path");
  }
  head.path = percent_decode(head.encoded_path);
  return {};
}

}  // namespace kefu::http
