#pragma once

#include "kefu/v1/knowledge_base.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/bus/key_value.hpp>

#include <string>
#include <vector>

namespace kefu::index {

/// Writes the bucket KEFU_KBS, which nobody else writes, by compare-and-set: replicas may do so at once.
/// Errors of all: `unavailable`, `deadline_exceeded`, `data_corrupt` (a record that cannot be read).
class KnowledgeBaseRegistry {
 public:
  /// `bucket` outlives this object.
  explicit KnowledgeBaseRegistry(bus::KeyValueBucket& bucket) : bucket_(bucket) {}

  struct Put {
    kefu::v1::KnowledgeBase record;
    bool created = false;
  };
  /// Creates a knowledge base, or gives an existing one this description. Errors: `invalid_argument`,
  /// `conflict` (others write it all the time).
  Task<Result<Put>> put(std::string name, std::string description, Deadline deadline);
  /// Errors: `not_found`.
  Task<Result<kefu::v1::KnowledgeBase>> get(std::string name, Deadline deadline);
  /// Those that are not deleted, by name.
  Task<Result<std::vector<kefu::v1::KnowledgeBase>>> list(Deadline deadline);
  /// Errors: `not_found`, `conflict`.
  Task<Result<>> remove(std::string name, Deadline deadline);

 private:
  struct Found {
    kefu::v1::KnowledgeBase record;  // empty where there is none
    std::uint64_t revision = 0;
    bool live() const { return revision != 0 && !record.deleted(); }
  };
  Task<Result<Found>> find(std::string name, Deadline deadline);

  bus::KeyValueBucket& bucket_;
};

}  // namespace kefu::index
