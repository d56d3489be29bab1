// URLs, request targets, percent-encoding and media types: whatever comes, what is taken must be usable.
#include "request_target.hpp"

#include <kefu/http/client.hpp>
#include <kefu/http/message.hpp>
#include <kefu/http/server.hpp>

#include <cstdlib>
#include <string_view>

namespace {

using namespace kefu::http;

void require(bool condition) {
  if (!condition) std::abort();
}

void check_url(const std::string& text) {
  const auto url = parse_url(text);
  if (!url) return;
  require(!url->host.empty() && !url->port.empty() && url->target.starts_with('/'));
  require(url->target.find_first_of(" \r\n") == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_url(text);
  check_url("http://" + text);
  RequestHead head;
  if (take_request_target(text, head)) require(!head.encoded_path.empty());
  require(percent_decode(percent_encode(text)) == text);
  require(percent_decode(text).size() <= text.size());
  media_type(text);
  return 0;
}
