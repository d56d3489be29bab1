#include "serving.hpp"

#include "protocol.hpp"

#include <exception>
#include <string>
#include <utility>

namespace kefu::bus {
namespace {

class PublishingSink final : public ReplySink {
 public:
  PublishingSink(const Serving::Publish& publish, std::string reply_to)
      : publish_(publish), reply_to_(std::move(reply_to)) {}
  Result<> send(std::string payload) override {
    if (reply_to_.empty()) return {};  // nobody asked
    return publish_(make_reply(reply_to_, std::move(payload), true));
  }

 private:
  const Serving::Publish& publish_;
  std::string reply_to_;
};

}  // namespace

void Serving::accept(Message message, std::chrono::steady_clock::time_point arrived) {
  RequestContext context = read_context(message, arrived);
  if (expired(context)) return;
  auto permit = limit_.try_acquire();
  if (!permit) {
    answer(message.reply_to, fail(Errc::overloaded, "too many requests are being worked on"));
    return;
  }
  tasks_.spawn(handle(std::move(message), std::move(context), *std::move(permit)));
}

Task<void> Serving::handle(Message message, RequestContext context, InFlightLimit::Permit /*permit*/) {
  if (expired(context)) co_return;
  const std::string reply_to = message.reply_to;
  PublishingSink sink(publish_, reply_to);
  std::exception_ptr exception;
  auto result = co_await run_handler(std::move(context), std::move(message), sink, exception);
  answer(reply_to, std::move(result));
  if (exception) std::rethrow_exception(exception);  // for the task group to report
}

bool Serving::expired(const RequestContext& context) const {
  if (!context.deadline.passed()) return false;
  if (on_expired_) on_expired_();
  return true;
}

Task<Result<std::string>> Serving::run_handler(RequestContext context, Message message, ReplySink& sink,
                                               std::exception_ptr& exception) {
  try {
    co_return co_await handler_(std::move(context), std::move(message), sink);
  } catch (...) {
    exception = std::current_exception();
  }
  co_return fail(Errc::internal, "the request could not be processed");
}

void Serving::answer(const std::string& reply_to, Result<std::string> result) {
  if (reply_to.empty()) return;
  Result<> sent = publish_(result ? make_reply(reply_to, *std::move(result), false)
                                  : make_error_reply(reply_to, result.error()));
  // An answer that the bus cannot carry must not look like silence. Without a connection nobody can be told.
  if (!sent && sent.error().code != Errc::unavailable) {
    sent = publish_(make_error_reply(reply_to, sent.error()));
  }
}

}  // namespace kefu::bus
