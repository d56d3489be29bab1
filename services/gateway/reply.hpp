#pragma once

#include "caller.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/http/server.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace kefu::gateway {

/// What a handler gives to be sent; nullopt when it has sent a stream itself.
using Reply = std::optional<http::Response>;

/// A handler reads the body and answers, or returns the error that gateway_flow then sends. After a stream
/// has begun, an error that it returns is only counted and logged. The caller lives as long as the request.
using Handler = std::function<Task<Result<Reply>>(RequestContext, Caller&, http::Exchange&)>;

inline Reply json_reply(int status, std::string body) {
  return http::Response{
      .status = status, .fields = {{"Content-Type", "application/json"}}, .body = std::move(body)};
}

/// The value of a parameter of the route, "" for one that the route does not have.
inline std::string path_parameter(const http::Exchange& exchange, const char* name) {
  const auto& parameters = exchange.head().path_parameters;
  const auto found = parameters.find(name);
  return found == parameters.end() ? std::string{} : found->second;
}

}  // namespace kefu::gateway
