#pragma once

#include <kefu/http/client.hpp>
#include <kefu/http/message.hpp>

#include <cstddef>
#include <string>

namespace kefu::http {

enum class Framing {
  length,       ///< Content-Length of the body
  chunked,      ///< Transfer-Encoding: chunked
  until_close,  ///< the end of the connection ends the body
  no_body,      ///< a status that has none
};

/// Everything up to the empty line. Framing and connection fields are ours, those of `response` are left out,
/// and so are line breaks inside values, which would begin a field of their own.
std::string response_head(const Response& response, Framing framing, bool keep_alive, bool http_1_0);
std::string request_head(const ClientRequest& request, const Url& url);

/// 1xx, 204 and 304.
bool status_has_no_body(int status);

}  // namespace kefu::http
