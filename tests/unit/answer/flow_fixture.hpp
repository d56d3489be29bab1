#pragma once

#include "answer_flow.hpp"
#include "fakes.hpp"
#include "hits.hpp"

#include <kefu/testing/run_task.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace kefu::answer {

using namespace std::chrono_literals;
using kefu::v1::AskEvent;
using testing::faq_hit;
using testing::found;
using testing::text_hit;

inline constexpr const char* kPhrasing = "退货运费谁出";
inline constexpr const char* kFaqAnswer = "质量问题由我们承担。";
inline constexpr const char* kPassage = "退货的运费由我们出。";

class Flow : public ::testing::Test {
 protected:
  Flow() {
    bucket_.add("shop", "inc-1");
    request_.set_kb("shop");
    request_.set_question("退货，运费谁出？");
    QuestionVector vector{.float32 = std::string(16, '\1'), .model_fingerprint = "m", .usage = {}};
    vector.usage.set_embedding_tokens(9);
    embedding_.reply = vector;
    llm_.pieces = {"我们", "承担[1]。"};
    llm_.end = Completion{.prompt_tokens = 200, .completion_tokens = 5};
    search_.reply = nothing();
  }

  static kefu::v1::SearchResponse clear_faq() { return found({faq_hit(kPhrasing, kFaqAnswer, 0.97F, 1)}); }
  static kefu::v1::SearchResponse clear_passage() { return found({text_hit("运费", kPassage, 0.93F, 0.9F)}); }
  static kefu::v1::SearchResponse nothing() { return found({text_hit("积分", "积分一年有效。", 0.82F, 0)}); }

  Result<kefu::v1::Answer> ask(LlmClient* llm = nullptr, AnswerFlow::OnEvent on_event = {}) {
    AnswerFlow flow = make(llm);
    return testing_run(flow.answer(context_, request_, std::move(on_event)));
  }
  Result<kefu::v1::Answer> ask_streaming(LlmClient* llm = nullptr) {
    return ask(llm, [this](const AskEvent& event) -> Result<> {
      events_.push_back(event);
      if (events_.size() == fail_at_event_) return fail(Errc::unavailable, "the caller is gone");
      return {};
    });
  }
  AnswerFlow make(LlmClient* llm) {
    return AnswerFlow({.knowledge_bases = bases_,
                       .embedding = embedding_,
                       .search = search_,
                       .llm = llm,
                       .memory = &memory_,
                       .metrics = metrics_,
                       .log = log_},
                      options_);
  }
  template <class T>
  T testing_run(Task<T> task) {
    return kefu::testing::run_task(io_, std::move(task));
  }
  std::string exposed() const { return registry_.expose(); }

  asio::io_context io_;
  telemetry::Metrics registry_;
  AnswerMetrics metrics_{registry_};
  std::string logged_;
  telemetry::Logger log_{"kefu-answer", telemetry::Level::debug,
                         [this](std::string_view line) { logged_ += line; }};
  testing::FakeBucket bucket_;
  directory::KnowledgeBases bases_{bucket_};
  testing::FakeEmbedding embedding_;
  testing::FakeSearch search_;
  testing::FakeLlm llm_;
  testing::FakeMemory memory_;
  FlowOptions options_;
  RequestContext context_{.request_id = "r-1", .deadline = Deadline::in(20s)};
  kefu::v1::AskRequest request_;
  std::vector<AskEvent> events_;
  std::size_t fail_at_event_ = 0;
};

}  // namespace kefu::answer
