#include "embeddings_calls.hpp"

#include "call.hpp"

#include <kefu/async/task_group.hpp>
#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <utility>

namespace kefu::gateway {
namespace {

/// Keeps two replicas of embedding with two texts at once busy, and leaves room in their queues.
constexpr std::size_t kCallsAtOnce = 4;

}  // namespace

EmbeddingsCalls::EmbeddingsCalls(bus::MessageBus& bus, RequestContext context, EmbeddingsRequest request,
                                 std::size_t dimensions)
    : bus_(bus), context_(std::move(context)), request_(std::move(request)), bulk_(is_bulk(request_.texts)) {
  for (std::size_t first = 0; first < request_.texts.size(); first += calls_.back().count)
    calls_.push_back({.first = first, .count = texts_of_one_call(request_.texts, first, dimensions)});
}

Task<Result<>> EmbeddingsCalls::run() {
  TaskGroup workers(co_await asio::this_coro::executor, [this](std::exception_ptr bug) { bug_ = bug; });
  const std::size_t at_once = std::min(kCallsAtOnce, calls_.size());
  for (std::size_t i = 0; i < at_once; ++i) workers.spawn(work());
  co_await workers.join();
  if (bug_) std::rethrow_exception(bug_);
  if (error_) co_return fail(*std::move(error_));
  co_return Result<>{};
}

Task<void> EmbeddingsCalls::work() {
  while (next_ < calls_.size() && !error_ && !bug_) {
    const std::size_t mine = next_++;
    auto answered = co_await ask(calls_[mine]);
    if (!answered) failed(mine, std::move(answered).error());
  }
}

Task<Result<>> EmbeddingsCalls::ask(Call& call) {
  kefu::v1::EmbedRequest request;
  request.set_role(request_.role);
  // Half the bytes, and no loss: what embedding keeps is no finer.
  request.set_format(kefu::v1::VECTOR_FORMAT_FLOAT16);
  request.set_dimensions(request_.dimensions.value_or(0));
  request.set_bulk(bulk_);
  request.set_key_id(request_.key_id);
  for (std::size_t i = call.first; i < call.first + call.count; ++i)
    request.add_texts(std::move(request_.texts[i]));
  KEFU_CO_TRY(call.answer, co_await gateway::call<kefu::v1::EmbedResponse>(bus_, proto::kEmbed, context_,
                                                                           std::move(request)));
  co_return Result<>{};
}

void EmbeddingsCalls::failed(std::size_t call, Error error) {
  if (error_ && failed_call_ < call) return;
  failed_call_ = call;
  error_ = name_input(std::move(error), calls_[call].first);
}

}  // namespace kefu::gateway
