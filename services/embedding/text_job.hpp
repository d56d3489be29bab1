#pragma once

#include "cached_value.hpp"
#include "embedder.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kefu::embedding {

/// Questions, whose callers wait, go before imports, however many of those there are.
enum class Lane { question, import };

/// Where a caller's vector came from.
enum class Source { model, cache, joined };

struct Delivery {
  std::shared_ptr<const TextVector> value;
  Source source = Source::model;
};

/// One caller that waits for all texts of its request. Event loop only.
class TextWait {
 public:
  TextWait(const asio::any_io_executor& executor, std::size_t texts, Deadline deadline)
      : timer_(executor, deadline.time()), deadline_(deadline), missing_(texts), deliveries_(texts) {}

  /// The first failure ends the wait.
  void deliver(std::size_t index, Result<Delivery> delivery);
  /// False once the caller has no use for further texts.
  bool wants_more() const { return !error_ && missing_ != 0 && !deadline_.passed(); }
  Deadline deadline() const { return deadline_; }
  /// In the order of the request. Errors: that of the first text that failed; `deadline_exceeded`.
  Task<Result<std::vector<Delivery>>> all();

 private:
  asio::steady_timer timer_;
  Deadline deadline_;
  std::size_t missing_;
  std::vector<Delivery> deliveries_;
  std::optional<Error> error_;
};

/// One text on its way to a vector. Whoever wants the same text meanwhile waits for the same job, so it is
/// looked up, computed and stored once; nobody owns it alone, so it survives the caller that began it as long
/// as anybody waits. Event loop only.
class TextJob {
 public:
  TextJob(std::string key, Lane lane) : key_(std::move(key)), lane_(lane) {}

  const std::string& key() const { return key_; }
  Lane lane() const { return lane_; }
  /// A question has joined an import.
  void promote() { lane_ = Lane::question; }

  void add_waiter(const std::shared_ptr<TextWait>& wait, std::size_t index);
  /// Somebody waits whose deadline has not passed.
  bool wanted() const;
  /// When the last of those who wait gives up; has passed where nobody waits.
  Deadline wanted_until() const;
  /// The first waiter is told `source`, those who came after it `joined`.
  void finish(Result<std::shared_ptr<const TextVector>> value, Source source);

  /// Set once the text turns out to be new.
  void set_input(ModelInput input) {
    tokens_ = input.tokens;
    input_ = std::move(input);
  }
  ModelInput take_input() { return std::move(input_); }
  /// Also after take_input().
  std::size_t tokens() const { return tokens_; }

 private:
  struct Waiter {
    std::weak_ptr<TextWait> wait;  // expires when the caller gives up
    std::size_t index;
    Source source;
  };

  std::string key_;
  Lane lane_;
  ModelInput input_;
  std::size_t tokens_ = 0;
  std::vector<Waiter> waiters_;
  std::optional<Result<std::shared_ptr<const TextVector>>> value_;
};

}  // namespace kefu::embedding
