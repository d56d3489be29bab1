#pragma once

#include "kefu/v1/knowledge_base.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/bucket_follower.hpp>
#include <kefu/bus/key_value.hpp>

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace kefu::directory {

/// The knowledge bases as every service sees them: a local copy of the bucket KEFU_KBS, kept fresh by a
/// watch. Reads only; index writes the bucket.
class KnowledgeBases {
 public:
  /// `bucket` outlives this object.
  explicit KnowledgeBases(bus::KeyValueBucket& bucket);
  KnowledgeBases(const KnowledgeBases&) = delete;

  /// Follows the bucket until stop(); spawn it in the owner's task group.
  Task<void> run() { return follower_.run(); }
  void stop() { follower_.stop(); }

  /// The live knowledge base of this name. One that the copy does not have yet is looked up in the bucket, so
  /// that a base is found as soon as its creation was answered. Errors: `not_found` (the message names it),
  /// `unavailable`, `deadline_exceeded`.
  Task<Result<kefu::v1::KnowledgeBase>> find(std::string name, Deadline deadline) const;
  /// All of the copy, deleted ones included.
  std::vector<kefu::v1::KnowledgeBase> all() const;
  /// True once the copy holds what the bucket held when run() began.
  bool complete() const { return complete_; }

 private:
  void apply(const bus::KvEntry& entry);

  bus::KeyValueBucket& bucket_;
  bus::BucketFollower follower_;
  std::unordered_map<std::string, kefu::v1::KnowledgeBase> by_key_;
  bool complete_ = false;
};

}  // namespace kefu::directory
