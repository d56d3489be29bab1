#pragma once

#include "embedder.hpp"
#include "lane.hpp"
#include "text_key.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/usage/payer.hpp>

#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace kefu::embedding {

/// Where a caller's vector came from. `joined`: another caller had the same text in work; `replica`: another
/// process had.
enum class Source { model, memory, redis, joined, replica };

struct Delivery {
  std::shared_ptr<const TextVector> value;
  Source source = Source::model;
  /// Of the vector's tokens, those that went through the model for this caller: of a text in windows possibly
  /// not all, of a joined one none.
  std::uint32_t computed_tokens = 0;
};

/// Who pays for what has to be computed.
struct Bill {
  usage::Payer payer = {};
  std::optional<Error> refusal = {};  ///< why nothing new may be computed for them; the cache is free
};

/// One caller that waits for all texts of its request. Event loop only.
class TextWait {
 public:
  /// For what is missing among the deliveries: those without a value.
  TextWait(const asio::any_io_executor& executor, std::vector<Delivery> deliveries, Deadline deadline,
           Bill bill = {});

  bool lacks(std::size_t index) const { return !deliveries_[index].value; }
  /// The first failure ends the wait.
  void deliver(std::size_t index, Result<Delivery> delivery);
  /// False once the caller has no use for further texts.
  bool wants_more() const { return !error_ && missing_ != 0 && !deadline_.passed(); }
  Deadline deadline() const { return deadline_; }
  const Bill& bill() const { return bill_; }
  /// In the order of the request. Errors: that of the first text that failed; `deadline_exceeded`.
  Task<Result<std::vector<Delivery>>> all();

 private:
  asio::steady_timer timer_;
  Deadline deadline_;
  Bill bill_;
  std::size_t missing_;
  std::vector<Delivery> deliveries_;
  std::optional<Error> error_;
};

/// One text on its way to a vector. Whoever wants the same text meanwhile waits for the same job, so it is
/// looked up, computed and stored once; nobody owns it alone, so it survives the caller that began it as long
/// as anybody waits. Event loop only.
class TextJob {
 public:
  TextJob(const TextKey& key, Lane lane) : key_(key), lane_(lane) {}

  const TextKey& key() const { return key_; }
  Lane lane() const { return lane_; }
  /// A question has joined an import.
  void promote() { lane_ = Lane::question; }

  void add_waiter(const std::shared_ptr<TextWait>& wait, std::size_t index);
  /// Somebody waits whose deadline has not passed.
  bool wanted() const;
  /// When the last of those who wait gives up; has passed where nobody waits.
  Deadline wanted_until() const;
  /// Who pays gets it as it is, or else the first of those who still wait; the others get it as `joined`.
  void finish(Result<Delivery> delivery);

  /// The text has to be computed: finds who pays, the first of those who wait and may; where none waits any
  /// more, the first who may. False where there is nobody. Whoever joins later pays nothing.
  bool find_payer();
  /// After find_payer().
  const usage::Payer& payer() const { return *payer_; }
  /// Nobody may pay: each of those who wait is told why they may not.
  void refuse();

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
    bool pays = false;
  };

  TextKey key_;
  Lane lane_;
  ModelInput input_;
  std::size_t tokens_ = 0;
  std::optional<usage::Payer> payer_;
  std::vector<Waiter> waiters_;
  std::optional<Result<Delivery>> joined_;  // what whoever comes later gets, once it is finished
};

}  // namespace kefu::embedding
