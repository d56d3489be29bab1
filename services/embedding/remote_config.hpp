#pragma once

#include "remote_embedder.hpp"

#include <kefu/base/error.hpp>
#include <kefu/http/proxy.hpp>
#include <kefu/provider/client.hpp>
#include <kefu/provider/endpoint.hpp>
#include <kefu/service/settings.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace kefu::embedding {

/// A model behind a network; takes the place of the one in this process where a URL is given.
struct RemoteConfig {
  provider::EndpointSettings settings;
  /// 0 is what the provider documents, until complete() has looked it up.
  RemoteOptions embedder = {.max_tokens = 0, .batch = 0, .call_tokens = 0};
  std::chrono::milliseconds timeout{10000};  ///< of one attempt
  std::string encoding = {};                 ///< empty: what the provider documents

  /// By complete(), from the above and the environment; in order of preference.
  std::vector<provider::Endpoint> endpoints = {};
  http::ProxyRules proxy = {};

  bool given() const { return !settings.urls.empty(); }
  provider::ClientOptions client() const;
};

void add_remote_settings(service::Settings& settings, RemoteConfig& remote);

/// After the settings of a model that is given were read: what they leave open is as the provider documents
/// it. Errors: `invalid_argument`, naming the setting.
Result<> complete(RemoteConfig& remote);

}  // namespace kefu::embedding
