#pragma once

#include <kefu/bus/key_value.hpp>

#include <chrono>
#include <functional>
#include <optional>

namespace kefu::bus {

/// Keeps somebody's copy of a bucket fresh. A watch that fails is made again, and everything is told again.
class BucketFollower {
 public:
  /// nullopt: what was in the bucket when the watch began has been told.
  using OnEntry = std::function<void(const std::optional<KvEntry>&)>;

  /// `bucket` outlives this object. `poll`: how long stop() may take to be noticed, and how soon a watch that
  /// failed is made again.
  BucketFollower(KeyValueBucket& bucket, std::chrono::milliseconds poll, OnEntry on_entry)
      : bucket_(bucket), poll_(poll), on_entry_(std::move(on_entry)) {}

  /// Until stop(); spawn it in the owner's task group.
  Task<void> run();
  void stop() { stopping_ = true; }

 private:
  KeyValueBucket& bucket_;
  std::chrono::milliseconds poll_;
  OnEntry on_entry_;
  bool stopping_ = false;
};

}  // namespace kefu::bus
