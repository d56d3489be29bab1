#pragma once

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/http/client.hpp>
#include <kefu/http/sse.hpp>
#include <kefu/provider/client.hpp>

#include <chrono>
#include <string_view>
#include <utility>

namespace kefu::provider {

/// Takes the body of a response with status 200.
class Client::Receiver {
 public:
  virtual ~Receiver() = default;
  /// Before each attempt.
  void begin() { takers_error_ = callers_error_ = made_sense_ = false; }
  /// Whether another response may follow one that was no good.
  virtual bool takes_another() const = 0;
  /// `attempt` ends before or with `whole`.
  virtual Task<Result<>> receive(http::ResponseStream& response, Deadline attempt, Deadline whole) = 0;
  /// The error came from the taker, which says in its own words what is wrong ...
  bool takers_error() const { return takers_error_; }
  /// ... and that is nothing that the provider did.
  bool callers_error() const { return callers_error_; }
  /// Something came that made sense: however long the rest takes, the provider is alive.
  bool made_sense() const { return made_sense_; }

 protected:
  template <class T>
  Result<T> taken(Result<T> result) {
    if (result) {
      made_sense_ = true;
    } else {
      takers_error_ = true;
      callers_error_ = result.error().code != Errc::bad_upstream;
    }
    return result;
  }

 private:
  bool takers_error_ = false;
  bool callers_error_ = false;
  bool made_sense_ = false;
};

class Client::BodyReceiver final : public Client::Receiver {
 public:
  explicit BodyReceiver(TakeBody take) : take_(std::move(take)) {}
  bool takes_another() const override { return true; }
  Task<Result<>> receive(http::ResponseStream& response, Deadline attempt, Deadline) override {
    std::string body;
    while (true) {
      KEFU_CO_TRY(const std::string piece, co_await response.read_some(attempt));
      if (piece.empty()) break;
      body += piece;
    }
    Result<> result = co_await take_(std::move(body));
    co_return taken(std::move(result));
  }

 private:
  TakeBody take_;
};

class Client::EventReceiver final : public Client::Receiver {
 public:
  explicit EventReceiver(TakeEvents take) : take_(std::move(take)) {}
  /// What its taker has heard it cannot forget.
  bool takes_another() const override { return false; }
  Task<Result<>> receive(http::ResponseStream& response, Deadline, Deadline whole) override {
    http::SseParser parser;
    bool over = false;
    while (!over) {
      KEFU_CO_TRY(const std::string bytes, co_await response.read_some(whole));
      if (bytes.empty()) break;
      KEFU_CO_TRY(over, pass_on(parser, bytes));
    }
    // The end of the body most often came with the last event: once it is read, the connection can be kept.
    if (over) (void)co_await response.read_some(whole.at_most(kEndWithin));
    co_return taken(take_.end());
  }

 private:
  static constexpr std::chrono::milliseconds kEndWithin{20};

  Result<bool> pass_on(http::SseParser& parser, std::string_view bytes) {
    KEFU_TRY(const auto events, parser.feed(bytes));
    for (const http::SseEvent& event : events) {
      KEFU_TRY(const bool last, taken(take_.event(event.data)));
      if (last) return true;
    }
    return false;
  }

  TakeEvents take_;
};

}  // namespace kefu::provider
