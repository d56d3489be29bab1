#include "tunnel.hpp"

#include <algorithm>

namespace kefu::http {

std::string connect_request(const Proxy& proxy, const Url& url) {
  const bool ip6 = url.host.find(':') != std::string::npos;
  const std::string target = (ip6 ? "[" + url.host + "]" : url.host) + ":" + url.port;
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\nUser-Agent: kefu\r\n";
  if (!proxy.authorization.empty()) request += "Proxy-Authorization: " + proxy.authorization + "\r\n";
  return request + "\r\n";
}

Result<> check_tunnel(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::string_view status = line.substr(0, 12);  // HTTP/1.1 200
  const bool http = status.size() == 12 && status.starts_with("HTTP/1.") && status[8] == ' ' &&
                    std::ranges::all_of(status.substr(9), [](char c) { return c >= '0' && c <= '9'; });
  if (!http) return fail(Errc::unavailable, "the proxy does not speak HTTP", std::string(line.substr(0, 80)));
  if (status[9] != '2') {
    const bool credentials = status.ends_with("407");
    return fail(Errc::unavailable,
                credentials ? "the proxy refused its credentials" : "the proxy refused the connection",
                std::string(line.substr(0, 80)));
  }
  if (head.find("\r\n\r\n") + 4 != head.size())
    return fail(Errc::unavailable, "the proxy said more than its answer");
  return {};
}

}  // namespace kefu::http
