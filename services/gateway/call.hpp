#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message_bus.hpp>
#include <kefu/proto/subjects.hpp>

#include <string>
#include <string_view>

namespace kefu::gateway {

/// One request to another service. Errors: what it answered, those of MessageBus::request (where the service
/// is not there, by its name), `bad_upstream`.
template <class Response, class Request>
Task<Result<Response>> call(bus::MessageBus& bus, std::string_view subject, RequestContext context,
                            Request request) {
  bus::Message message{.subject = std::string(subject), .payload = request.SerializeAsString()};
  auto reply = co_await bus.request(std::move(context), std::move(message));
  if (!reply) co_return fail(proto::name_service(std::move(reply).error(), subject));
  Response response;
  if (!response.ParseFromString(reply->payload)) {
    co_return fail(Errc::bad_upstream, "a service gave an answer that cannot be read", std::string(subject));
  }
  co_return response;
}

}  // namespace kefu::gateway
