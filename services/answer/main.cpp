#include "answer_service.hpp"
#include "config.hpp"

#include <kefu/bus/jetstream.hpp>
#include <kefu/proto/subjects.hpp>
#include <kefu/service/runner.hpp>

#include <memory>
#include <string>

int main(int argc, char** argv) {
  using namespace kefu;
  service::Settings settings("kefu-answer", "answers questions: retrieval, decisions, language model");
  answer::Config config;
  config.declare(settings);
  settings.check([&] { return config.complete(); });
  const service::CommonSettings common{.admin_port = 9104};
  return service::run(settings, common, argc, argv, [&](const service::Environment& environment) {
    return std::make_unique<answer::AnswerService>(
        answer::AnswerService::Parts{
            .executor = environment.executor,
            .log = environment.log,
            .metrics = environment.metrics,
            .bus = environment.bus,
            .knowledge_bases = std::make_unique<bus::JetStreamBucket>(
                environment.executor, environment.bus, std::string(proto::kKnowledgeBasesBucket)),
            .usage = std::make_unique<bus::JetStreamBucket>(environment.executor, environment.bus,
                                                            std::string(proto::kUsageBucket)),
            .budgets = std::make_unique<bus::JetStreamBucket>(environment.executor, environment.bus,
                                                              std::string(proto::kBudgetsBucket))},
        config);
  });
}
