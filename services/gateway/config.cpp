#include "config.hpp"

#include "loopback.hpp"

#include <utility>

namespace kefu::gateway {

void add_settings(service::Settings& settings, GatewayConfig& config) {
  settings.add("listen-address", config.listen_address, "IP address of the HTTP API");
  settings.add("listen-port", config.listen_port, "port of the HTTP API, 0 for any free one");
  settings.add(
      "allow-unauthenticated", config.allow_unauthenticated,
      "listen on an address that other machines reach although no API key is asked for: only for private "
      "networks where everybody may read and change every knowledge base");
  settings.add("allowed-hosts", config.allowed_hosts,
               "names, separated by commas, under which clients reach the API beside localhost");
  settings.add("ask-timeout", config.ask_timeout,
               "longest time for a question; keep it above llm-timeout of kefu-answer");
  settings.add("upload-timeout", config.upload_timeout, "longest time for an upload");
  settings.add("max-asks", config.max_asks, "questions worked on at once; more are refused");
  settings.add("max-embeddings", config.max_embeddings,
               "requests of /v1/embeddings worked on at once; more are refused");
  settings.add("max-uploads", config.max_uploads, "uploads taken at once; more are refused");
  settings.add("max-connections", config.max_connections, "open connections; more are refused");
}

Result<> validate(const GatewayConfig& config) {
  const auto loopback = is_loopback(config.listen_address);
  if (!loopback) {
    return fail(Errc::invalid_argument,
                "listen-address must be an IP address such as 127.0.0.1 or 0.0.0.0, not \"" +
                    config.listen_address + "\"");
  }
  if (!*loopback && !config.allow_unauthenticated) {
    return fail(
        Errc::invalid_argument,
        "listen-address " + config.listen_address +
            " can be reached from other machines, and no API key is asked for: listen on 127.0.0.1, or set "
            "allow-unauthenticated if the network is private");
  }
  for (const auto& [name, value] :
       {std::pair("max-asks", config.max_asks), std::pair("max-embeddings", config.max_embeddings),
        std::pair("max-uploads", config.max_uploads), std::pair("max-connections", config.max_connections)}) {
    if (value == 0) return fail(Errc::invalid_argument, std::string(name) + " must be at least 1");
  }
  return {};
}

}  // namespace kefu::gateway
