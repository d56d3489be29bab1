#pragma once

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>

#include <cstddef>
#include <span>

namespace kefu::http {

/// Moves what `buffer` holds of a body through the parser (of a buffer_body) to `into`, and returns the bytes
/// that came. 0 without an error: the parser is done, or it needs more in the buffer.
template <class Parser>
std::size_t take_body(Parser& parser, boost::beast::flat_buffer& buffer, std::span<char> into,
                      boost::system::error_code& error) {
  namespace beast_http = boost::beast::http;
  auto& body = parser.get().body();
  body.data = into.data();
  body.size = into.size();
  while (body.size > 0 && buffer.size() > 0 && !parser.is_done()) {
    buffer.consume(parser.put(buffer.data(), error));
    if (error) break;
  }
  // need_buffer: `into` is full. need_more: half of a chunk's head stays in the buffer.
  if (error == beast_http::error::need_buffer || error == beast_http::error::need_more) error = {};
  return into.size() - body.size;
}

}  // namespace kefu::http
