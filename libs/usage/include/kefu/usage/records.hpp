#pragma once

#include <kefu/bus/bucket_follower.hpp>
#include <kefu/bus/key_value.hpp>
#include <kefu/usage/counts.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace kefu::usage {

/// Records are kept for this long after their day.
inline constexpr std::chrono::hours kRecordLife{400 * 24};

/// What replicas have counted: a copy of the bucket KEFU_USAGE, kept fresh by a watch.
class Records {
 public:
  struct Record {
    Day day;
    std::string replica;
    std::vector<Count> counts;
  };
  /// Told of each record that comes or goes: what was in its place before, and what is there now; either may
  /// be null.
  using OnChange = std::function<void(const Record* before, const Record* now)>;

  /// `bucket` outlives this. Records of days before `keep_from`, which moves on with time, are passed over,
  /// and forgotten when others come.
  Records(bus::KeyValueBucket& bucket, std::function<Day()> keep_from, OnChange on_change = {});
  Records(const Records&) = delete;

  /// Follows the bucket until stop(); spawn it in the owner's task group.
  Task<void> run() { return follower_.run(); }
  void stop() { follower_.stop(); }
  /// True once the copy holds what the bucket held when run() began.
  bool complete() const { return complete_; }

  /// Every line from `first` to `last`, both included.
  void each(Day first, Day last, const std::function<void(Day, const Count&)>& take) const;

 private:
  void apply(const bus::KvEntry& entry);

  bus::BucketFollower follower_;
  std::function<Day()> keep_from_;
  OnChange on_change_;
  std::map<std::string, Record> by_key_;  // keys begin with their day, so it is in order of days
  bool complete_ = false;
};

}  // namespace kefu::usage
