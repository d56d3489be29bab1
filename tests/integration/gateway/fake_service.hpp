#pragma once

#include "gateway_harness.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace kefu::gateway {

/// A service behind the gateway that answers one kind of request with what a function says.
template <class Request, class Response>
class FakeService {
 public:
  using Answer = std::function<Result<Response>(const Request&)>;

  /// `answer` runs on the thread of the gateway.
  static void serve(GatewayHarness& gateway, std::string_view subject, Answer answer) {
    gateway.serve(subject,
                  [answer = std::move(answer)](RequestContext, bus::Message message, bus::ReplySink&) {
                    return reply(answer, std::move(message));
                  });
  }

 private:
  static Task<Result<std::string>> reply(Answer answer, bus::Message message) {
    Request request;
    if (!request.ParseFromString(message.payload)) co_return fail(Errc::invalid_argument, "unreadable");
    KEFU_CO_TRY(const Response response, answer(request));
    co_return response.SerializeAsString();
  }
};

}  // namespace kefu::gateway
