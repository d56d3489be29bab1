#pragma once

#include "conversation_memory.hpp"
#include "kefu/v1/knowledge_base.pb.h"
#include "llm_client.hpp"
#include "retrieval_clients.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/bus/key_value.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kefu::answer::testing {

/// A bucket that only knows how to be read.
class FakeBucket final : public bus::KeyValueBucket {
 public:
  void add(const std::string& name, const std::string& incarnation) {
    kefu::v1::KnowledgeBase base;
    base.set_name(name);
    base.set_incarnation(incarnation);
    values_[subject_token(name)] = base.SerializeAsString();
  }
  Task<Result<>> ensure(std::chrono::milliseconds, Deadline) override { co_return Result<>{}; }
  Task<Result<bus::KvEntry>> get(std::string key, Deadline) override {
    const auto found = values_.find(key);
    if (found == values_.end()) co_return fail(Errc::not_found, "no such key");
    co_return bus::KvEntry{.key = key, .value = found->second, .revision = 1};
  }
  Task<Result<std::uint64_t>> put(std::string, std::string, std::optional<std::uint64_t>, Deadline) override {
    co_return fail(Errc::unsupported, "read only");
  }
  Task<Result<>> erase(std::string, Deadline) override { co_return fail(Errc::unsupported, "read only"); }
  Result<std::unique_ptr<bus::KvWatch>> watch() override { return fail(Errc::unsupported, "read only"); }

 private:
  std::map<std::string, std::string> values_;
};

class FakeEmbedding final : public EmbeddingClient {
 public:
  Task<Result<QuestionVector>> embed(RequestContext context, std::string question,
                                     usage::Payer payer) override {
    payers.push_back(std::move(payer));
    asked.push_back(std::move(question));
    time_given = context.deadline.remaining();
    co_return reply;
  }
  Result<QuestionVector> reply;
  std::vector<std::string> asked;
  std::vector<usage::Payer> payers;
  Deadline::Clock::duration time_given{};
};

class FakeSearch final : public SearchClient {
 public:
  Task<Result<kefu::v1::SearchResponse>> search(RequestContext, kefu::v1::SearchRequest request) override {
    asked.push_back(std::move(request));
    co_return reply;
  }
  Result<kefu::v1::SearchResponse> reply;
  std::vector<kefu::v1::SearchRequest> asked;
};

class FakeMemory final : public ConversationMemory {
 public:
  Task<Result<Turns>> recall(std::string kb_incarnation, std::string session, Deadline deadline) override {
    time_given.push_back(deadline.remaining());
    if (failure) co_return fail(*failure);
    co_return sessions[kb_incarnation + "/" + session];
  }
  Task<void> keep(std::string kb_incarnation, std::string session, Turns turns, Deadline deadline) override {
    time_given.push_back(deadline.remaining());
    sessions[kb_incarnation + "/" + session] = std::move(turns);
    co_return;
  }
  std::map<std::string, Turns> sessions;
  std::vector<Deadline::Clock::duration> time_given;
  std::optional<Error> failure;
};

/// Writes `pieces`, then ends as `end` says.
class FakeLlm final : public LlmClient {
 public:
  Task<Result<Completion>> complete(std::vector<ChatMessage> messages, OnDelta on_delta,
                                    Deadline deadline) override {
    asked.push_back(std::move(messages));
    time_given = deadline.remaining();
    for (const std::string& piece : pieces) KEFU_CO_CHECK(on_delta(piece));
    co_return end;
  }
  std::vector<std::string> pieces;
  Result<Completion> end;
  std::vector<std::vector<ChatMessage>> asked;
  Deadline::Clock::duration time_given{};
};

}  // namespace kefu::answer::testing
