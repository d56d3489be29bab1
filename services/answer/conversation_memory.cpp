#include "conversation_memory.hpp"

#include <kefu/base/ids.hpp>

#include <fmt/format.h>

#include <utility>

namespace kefu::answer {
namespace {

std::string key_of(const std::string& kb_incarnation, const std::string& session) {
  return fmt::format("kefu:session:1:{}:{}", kb_incarnation, sha256_hex(session));
}

}  // namespace

Task<Result<Turns>> CachedConversations::recall(std::string kb_incarnation, std::string session,
                                                Deadline deadline) {
  std::vector<std::string> keys{key_of(kb_incarnation, session)};
  KEFU_CO_TRY(const auto values,
              co_await store_.get_many(std::move(keys), deadline.at_most(options_.timeout)));
  kefu::v1::Conversation conversation;
  // What cannot be read is as good as forgotten.
  if (values.empty() || !values.front() || !conversation.ParseFromString(*values.front())) co_return Turns{};
  co_return Turns(conversation.turns().begin(), conversation.turns().end());
}

Task<void> CachedConversations::keep(std::string kb_incarnation, std::string session, Turns turns,
                                     Deadline deadline) {
  kefu::v1::Conversation conversation;
  conversation.mutable_turns()->Add(turns.begin(), turns.end());
  std::vector<std::pair<std::string, std::string>> entries{
      {key_of(kb_incarnation, session), conversation.SerializeAsString()}};
  (void)co_await store_.put_many(std::move(entries), std::chrono::ceil<std::chrono::seconds>(options_.ttl),
                                 deadline.at_most(options_.timeout));
}

}  // namespace kefu::answer
