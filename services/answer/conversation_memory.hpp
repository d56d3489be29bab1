#pragma once

#include "conversation.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/deadline.hpp>
#include <kefu/base/error.hpp>
#include <kefu/redis/key_value_cache.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace kefu::answer {

/// The recent turns of conversations. It may forget any of them at any time.
class ConversationMemory {
 public:
  virtual ~ConversationMemory() = default;
  /// Empty for a session that is not known. Errors: those of the store behind it.
  virtual Task<Result<Turns>> recall(std::string kb_incarnation, std::string session, Deadline deadline) = 0;
  /// Replaces what is known of a session. A failure is no error: the next question finds nothing.
  virtual Task<void> keep(std::string kb_incarnation, std::string session, Turns turns,
                          Deadline deadline) = 0;
};

/// In Redis, under a hash of the session's name; two questions of one session at once may lose one of them.
class CachedConversations final : public ConversationMemory {
 public:
  struct Options {
    std::chrono::milliseconds ttl{std::chrono::minutes(30)};  ///< after the last question
    std::chrono::milliseconds timeout{100};                   ///< of one call, within its deadline
  };
  /// `store` outlives this object.
  CachedConversations(redis::KeyValueCache& store, Options options) : store_(store), options_(options) {}

  Task<Result<Turns>> recall(std::string kb_incarnation, std::string session, Deadline deadline) override;
  Task<void> keep(std::string kb_incarnation, std::string session, Turns turns, Deadline deadline) override;

 private:
  redis::KeyValueCache& store_;
  Options options_;
};

}  // namespace kefu::answer
