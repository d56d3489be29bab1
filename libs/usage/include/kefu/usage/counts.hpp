#pragma once

#include "kefu/v1/usage.pb.h"

#include <kefu/usage/calendar.hpp>
#include <kefu/usage/money.hpp>
#include <kefu/usage/payer.hpp>
#include <kefu/usage/prices.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace kefu::usage {

/// Sums stop at the largest number rather than begin again at zero.
struct Tokens {
  std::uint64_t embedding = 0;
  std::uint64_t prompt = 0;
  std::uint64_t completion = 0;
  std::uint64_t saved = 0;  ///< what the cache, or joining of identical work, made unnecessary

  std::uint64_t spent() const;
  bool none() const { return embedding == 0 && prompt == 0 && completion == 0 && saved == 0; }
  Tokens& operator+=(const Tokens& other);
  bool operator==(const Tokens&) const = default;
};

Money cost(const Tokens& tokens, Price price);
/// What the tokens saved would have cost.
Money saving(const Tokens& tokens, Price price);

/// Whose counts stand here that are not kept apart. No knowledge base may be called this.
inline constexpr std::string_view kOther = "(other)";

/// One day of one replica, in memory. It fits into one message: when there are too many payers, further keys
/// of a knowledge base are counted together, and in the end further knowledge bases.
class DayCounts {
 public:
  static constexpr std::size_t kMaxBytes = 512UL * 1024;

  DayCounts(Day day, std::string replica, std::size_t max_bytes = kMaxBytes)
      : day_(day), replica_(std::move(replica)), max_bytes_(max_bytes) {}

  void add(const Payer& payer, const std::string& model, Price price, const Tokens& tokens);
  Day day() const { return day_; }
  kefu::v1::UsageRecord record() const;

 private:
  using Row = std::tuple<std::string, std::string, std::size_t>;  // kb, key, model

  std::size_t place_of(const std::string& model, Price price);
  Tokens& row_of(const Payer& payer, std::size_t model);

  Day day_;
  std::string replica_;
  std::size_t max_bytes_;
  std::size_t bytes_ = 0;  // about what the record takes
  std::vector<std::pair<std::string, Price>> models_;
  std::map<Row, Tokens, std::less<>> rows_;
};

/// One line of a record, with what belongs to it.
struct Count {
  Payer payer;
  std::string model;
  Price price;
  Tokens tokens;
};

/// The lines of a record; one that names no model of it is left out.
std::vector<Count> counts_of(const kefu::v1::UsageRecord& record);

}  // namespace kefu::usage
