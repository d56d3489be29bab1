#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>
#include <kefu/base/request_context.hpp>
#include <kefu/bus/message.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace kefu::bus {

/// The replies to one request, in order. Destroying it gives up on the rest.
class ReplyStream {
 public:
  struct Item {
    Message message;
    bool last;
  };
  virtual ~ReplyStream() = default;
  /// The next reply; after the one marked `last`, or after an error, it must not be called again.
  /// Errors: what the handler returned; `unavailable` (nobody serves the subject, or the connection is
  /// lost); `deadline_exceeded`; `overloaded` (replies came faster than they were taken).
  virtual Task<Result<Item>> next() = 0;
};

/// Whether nobody serves the subject of the request that ended so. Where another service passes the error on,
/// this is lost.
bool is_unserved(const Error& error);

/// Publishes the replies before the last one. Valid until the handler returns.
class ReplySink {
 public:
  virtual ~ReplySink() = default;
  /// Errors: `unavailable` when the connection is lost; the handler should then give up.
  virtual Result<> send(std::string payload) = 0;
};

/// Handles one request and returns the last reply's payload. An error travels to the caller as it is,
/// without its detail. The context's deadline has been checked: passed ones never reach a handler.
using Handler = std::function<Task<Result<std::string>>(RequestContext, Message, ReplySink&)>;

struct ServeOptions {
  std::string subject;
  std::string queue_group = {};    ///< the members of a group share the messages
  std::size_t max_in_flight = 64;  ///< more are refused at once with `overloaded`
};

/// A subject being served or watched.
class Subscription {
 public:
  virtual ~Subscription() = default;
  /// Takes no new message, and returns when every message taken has been answered.
  /// Must have returned before the subscription is destroyed.
  virtual Task<void> drain() = 0;
};

/// Messages of a subject as they come, outside any request.
class Feed {
 public:
  virtual ~Feed() = default;
  /// The next message. Errors: `deadline_exceeded`; `overloaded` once after messages were lost because they
  /// came faster than they were taken, or because the connection was interrupted.
  /// `cancelled` once everything that came before stop() has been taken.
  virtual Task<Result<Message>> next(Deadline deadline) = 0;
  /// No message is sent here any more; next() still gives those that have come.
  virtual void stop() = 0;
};

/// Request and reply between services. Thread: all calls and handlers on the executor of the bus.
class MessageBus {
 public:
  virtual ~MessageBus() = default;

  virtual bool connected() const = 0;
  /// One request, one reply. Errors: those of ReplyStream::next().
  virtual Task<Result<Message>> request(RequestContext context, Message message) = 0;
  /// One request, several replies, at most `capacity` of them waiting to be taken.
  virtual Result<std::unique_ptr<ReplyStream>> request_stream(RequestContext context, Message message,
                                                              std::size_t capacity) = 0;
  /// A message without a reply, at most once. Errors: `unavailable`.
  virtual Result<> publish(Message message) = 0;
  /// Returns before the server knows of it: only requests sent later over this same bus are sure to find it.
  virtual Result<std::unique_ptr<Subscription>> serve(ServeOptions options, Handler handler) = 0;
  virtual Result<std::unique_ptr<Feed>> subscribe(std::string subject, std::size_t capacity) = 0;
};

}  // namespace kefu::bus
