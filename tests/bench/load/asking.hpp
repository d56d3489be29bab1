#pragma once

#include "load/measurement.hpp"

#include <kefu/async/task.hpp>
#include <kefu/async/task_group.hpp>
#include <kefu/http/client.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace kefu::bench {

/// Questions to one address that takes `{kb, question}` and answers 200.
class Asking {
 public:
  using Question = std::function<std::string()>;

  Asking(std::string url, std::string kb, Question question)
      : url_(std::move(url)), kb_(std::move(kb)), question_(std::move(question)) {}

  /// Each connection sends its next question when it has the answer to the last.
  Task<void> in_turn(std::size_t connections, Measurement& measurement, Clock::duration time);

  /// A fixed number of questions a second, whether or not earlier ones have been answered. A time counts from
  /// the moment at which the question was due, so that a stall is paid for by all that it held up.
  Task<void> at_rate(std::size_t per_second, Measurement& measurement, Clock::duration time);

 private:
  Task<void> connection(http::Client& client, Measurement& measurement, Clock::time_point end);
  Task<void> ask(http::Client& client, Measurement& measurement, Clock::time_point due);

  std::string url_;
  std::string kb_;
  Question question_;
};

}  // namespace kefu::bench
