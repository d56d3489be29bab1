#pragma once

#include "embeddings_json.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message_bus.hpp>

#include <cstddef>
#include <exception>
#include <optional>
#include <vector>

namespace kefu::gateway {

/// The texts of one request on their way through embedding, in calls of which several are open at once.
class EmbeddingsCalls {
 public:
  struct Call {
    std::size_t first = 0;  ///< of the request's texts
    std::size_t count = 0;
    kefu::v1::EmbedResponse answer = {};
  };

  EmbeddingsCalls(bus::MessageBus& bus, RequestContext context, EmbeddingsRequest request,
                  std::size_t dimensions);

  /// Returns when no call is open any more. Errors: of the calls that failed, that of the earliest text, in
  /// terms of the request.
  Task<Result<>> run();
  /// In the order of the texts; complete after run().
  std::vector<Call>& finished() { return calls_; }

 private:
  Task<void> work();
  Task<Result<>> ask(Call& call);
  void failed(std::size_t call, Error error);

  bus::MessageBus& bus_;
  RequestContext context_;
  EmbeddingsRequest request_;
  bool bulk_;
  std::vector<Call> calls_;
  std::size_t next_ = 0;
  std::size_t failed_call_ = 0;
  std::optional<Error> error_;
  std::exception_ptr bug_;
};

}  // namespace kefu::gateway
