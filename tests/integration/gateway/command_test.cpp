#include "gateway_harness.hpp"
#include "kefu/v1/ask.pb.h"
#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/knowledge_base.pb.h"
#include "kefu/v1/log.pb.h"
#include "kefu/v1/search.pb.h"

#include <kefu/proto/subjects.hpp>
#include <kefu/testing/process.hpp>
#include <kefu/vector/codec.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

/// The services behind the gateway, as far as the command needs them. On the thread of the gateway; outlives
/// it.
class Services {
 public:
  void serve_on(GatewayHarness& gateway) {
    serve(gateway, proto::kGetKnowledgeBase, &Services::get);
    serve(gateway, proto::kPutKnowledgeBase, &Services::put);
    serve(gateway, proto::kListKnowledgeBases, &Services::list);
    serve(gateway, proto::kDeleteKnowledgeBase, &Services::remove);
    serve(gateway, proto::kGetJob, &Services::job);
    serve(gateway, proto::kAsk, &Services::ask);
    serve(gateway, proto::kRetrieve, &Services::retrieve);
    serve(gateway, proto::kEmbed, &Services::embed);
    serve(gateway, proto::kGetModel, &Services::model);
  }

 private:
  using Method = Task<Result<std::string>> (Services::*)(bus::Message, bus::ReplySink&);
  void serve(GatewayHarness& gateway, std::string_view subject, Method method) {
    gateway.serve(subject, [this, method](RequestContext, bus::Message message, bus::ReplySink& sink) {
      return (this->*method)(std::move(message), sink);
    });
  }

  Task<Result<std::string>> model(bus::Message, bus::ReplySink&) {
    kefu::v1::GetModelResponse response;
    response.set_model("e5-small");
    response.set_dimensions(2);
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> get(bus::Message message, bus::ReplySink&) {
    kefu::v1::GetKnowledgeBaseRequest request;
    request.ParseFromString(message.payload);
    if (!names_.contains(request.name()))
      co_return fail(Errc::not_found, "there is no knowledge base \"" + request.name() + "\"");
    kefu::v1::GetKnowledgeBaseResponse response;
    response.mutable_knowledge_base()->set_name(request.name());
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> put(bus::Message message, bus::ReplySink&) {
    kefu::v1::PutKnowledgeBaseRequest request;
    request.ParseFromString(message.payload);
    names_.insert(request.name());
    kefu::v1::PutKnowledgeBaseResponse response;
    response.mutable_knowledge_base()->set_name(request.name());
    response.set_created(true);
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> list(bus::Message, bus::ReplySink&) {
    kefu::v1::ListKnowledgeBasesResponse response;
    for (const char* name : {"商店", "shop"}) {
      auto& entry = *response.add_knowledge_bases();
      entry.mutable_knowledge_base()->set_name(name);
      entry.set_documents(4);
      entry.set_passages(1061);
    }
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> remove(bus::Message, bus::ReplySink&) {
    co_return kefu::v1::DeleteKnowledgeBaseResponse{}.SerializeAsString();
  }
  /// The second job fails; the others are done at the second look.
  Task<Result<std::string>> job(bus::Message message, bus::ReplySink&) {
    kefu::v1::GetJobRequest request;
    request.ParseFromString(message.payload);
    kefu::v1::GetJobResponse response;
    auto& state = *response.mutable_state();
    state.set_job(request.job());
    state.set_state(kefu::v1::JobState::STATE_RUNNING);
    if (!seen_.insert(request.job()).second) {
      state.set_state(request.job() == 2 ? kefu::v1::JobState::STATE_FAILED : kefu::v1::JobState::STATE_DONE);
      if (request.job() == 2) state.set_error("the file is no text");
      state.mutable_indexed()->set_done(3);
      state.mutable_indexed()->set_total(3);
      state.mutable_usage()->set_embedding_tokens(1234);
      auto& rejection = *state.add_rejected();
      rejection.set_row(2);
      rejection.set_field("answer");
      rejection.set_reason("the answer is missing");
      state.set_rejected_total(1);
    }
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> ask(bus::Message message, bus::ReplySink& sink) {
    kefu::v1::AskRequest request;
    request.ParseFromString(message.payload);
    if (request.kb() != "shop")
      co_return fail(Errc::not_found, "there is no knowledge base \"" + request.kb() + "\"");
    kefu::v1::AskEvent event;
    if (request.stream()) {
      event.set_delta("买家\x1b[31m承担");
      KEFU_CO_CHECK(sink.send(event.SerializeAsString()));
    }
    event.mutable_done()->set_answer("买家\x1b[31m承担");
    event.mutable_done()->set_decision(kefu::v1::DECISION_FAQ);
    event.mutable_done()->add_sources()->set_filename("faq.csv");
    co_return event.SerializeAsString();
  }
  Task<Result<std::string>> retrieve(bus::Message, bus::ReplySink&) {
    kefu::v1::RetrieveResponse response;
    response.add_hits()->mutable_passage()->set_text("运费谁出?");
    co_return response.SerializeAsString();
  }
  Task<Result<std::string>> embed(bus::Message message, bus::ReplySink&) {
    kefu::v1::EmbedRequest request;
    request.ParseFromString(message.payload);
    kefu::v1::EmbedResponse response;
    response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT32);
    response.set_dimensions(2);
    std::vector<float> components;
    for (int i = 0; i < request.texts_size(); ++i) {
      components.insert(components.end(), {i == 0 ? 1.0F : 0.6F, i == 0 ? 0.0F : 0.8F});
    }
    response.set_vectors(vector::encode(components, kefu::v1::VECTOR_FORMAT_FLOAT32));
    co_return response.SerializeAsString();
  }

  std::set<std::string> names_;
  std::set<std::uint64_t> seen_;
};

class Command : public ::testing::Test {
 protected:
  Command() {
    services_.serve_on(gateway_);
    gateway_.add_knowledge_base("shop", "inc1");
  }

  /// Runs `kefu` and returns its exit status; output_ holds what it printed.
  int kefu(std::vector<std::string> arguments) {
    const auto file = folder_.path() / "output";
    std::filesystem::remove(file);
    std::vector<std::string> command{KEFU_BIN_DIR "/kefu"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    testing::Process process(
        {.command = std::move(command), .environment = {{"KEFU_SERVER", gateway_.url("")}}, .output = file});
    const int status = process.wait(30s).value_or(-1);
    std::ifstream in(file);
    output_ = {std::istreambuf_iterator<char>(in), {}};
    return status;
  }
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    std::ofstream(path) << content;
    return path.string();
  }

  testing::TemporaryDirectory folder_;
  Services services_;
  GatewayHarness gateway_;
  std::string output_;
};

TEST_F(Command, ImportsFilesAndTellsWhatBecameOfEach) {
  EXPECT_EQ(kefu({"import", "--kb", "shop", file("常见问题.csv", "q,a\n")}), 0) << output_;
  EXPECT_EQ(output_,
            "created knowledge base shop\n"
            "常见问题.csv: done, 3 passages, 1,234 tokens spent, 0 saved, 1 rejected\n"
            "  rejected: row 2, answer: the answer is missing\n");
}

TEST_F(Command, ImportEndsWithStatusOneWhenAnyFileDidNotGoIn) {
  EXPECT_EQ(kefu({"import", "--kb", "shop", file("a.txt", "text"), file("b.txt", "text"), file("c.pdf", "x"),
                  "/nowhere/d.md"}),
            1);
  EXPECT_THAT(output_, HasSubstr("a.txt: done"));
  EXPECT_THAT(output_, HasSubstr("b.txt: failed: the file is no text"));
  EXPECT_THAT(output_, HasSubstr("c.pdf: only .csv"));
  EXPECT_THAT(output_, HasSubstr("/nowhere/d.md cannot be read"));
}

TEST_F(Command, ImportOfTwoFilesOfOneNameSendsNothing) {
  for (const char* folder : {"a", "b"}) std::filesystem::create_directory(folder_.path() / folder);
  const std::string first = file("a/faq.csv", "q,a\n");
  const std::string second = file("b/faq.csv", "q,a\n");
  EXPECT_EQ(kefu({"import", "--kb", "shop", first, second}), 2);
  EXPECT_THAT(output_, HasSubstr(first + " and " + second + " have the same name"));
  EXPECT_THAT(output_, ::testing::Not(HasSubstr("created")));
  EXPECT_EQ(gateway_.stored_messages(proto::kJobsStream), 0U);
}

TEST_F(Command, ImportWithoutWaitingPrintsTheJobs) {
  EXPECT_EQ(kefu({"import", "--no-wait", "--kb", "shop", file("a.txt", "text")}), 0);
  EXPECT_THAT(output_, HasSubstr("a.txt: job 1\n"));
}

TEST_F(Command, AskPrintsTheAnswerOnceAndWhatItWasMadeOf) {
  EXPECT_EQ(kefu({"ask", "--kb", "shop", "运费谁出?"}), 0);
  EXPECT_THAT(output_, HasSubstr("买家[31m承担\ndecision    faq"));  // without what would colour the terminal
  EXPECT_THAT(output_, HasSubstr("source 1    faq.csv"));
  EXPECT_THAT(output_, HasSubstr("tokens      0 embedding"));
  EXPECT_EQ(kefu({"ask", "--json", "--kb", "shop", "运费谁出?"}), 0);
  EXPECT_EQ(nlohmann::json::parse(output_)["decision"], "faq");
}

TEST_F(Command, SaysInOneSentenceWhatTheServerRefused) {
  EXPECT_EQ(kefu({"ask", "--kb", "nothing", "q"}), 1);
  EXPECT_THAT(output_, ::testing::MatchesRegex(
                           "kefu: there is no knowledge base \"nothing\" \\(request [0-9a-f]+\\)\n"));
}

TEST_F(Command, NamesTheAddressThatCannotBeReached) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(testing::free_port());
  EXPECT_EQ(kefu({"--server", nowhere, "status"}), 1);
  EXPECT_EQ(output_,
            "kefu: the server at " + nowhere + " cannot be reached: is it running, and is --server right?\n");
}

TEST_F(Command, AlignsItsTables) {
  EXPECT_EQ(kefu({"similarity", "奥运会", "北京"}), 0);
  EXPECT_EQ(output_,
            "        奥运会   北京\n"
            "奥运会   1.000  0.600\n"
            "北京     0.600  1.000\n");
  kefu({"status"});
  EXPECT_THAT(output_, HasSubstr("商店                    4     1,061  1970"));
  EXPECT_THAT(output_, HasSubstr("shop                    4     1,061  1970"));
}

TEST_F(Command, SearchesAndDeletes) {
  EXPECT_EQ(kefu({"search", "--kb", "shop", "运费"}), 0);
  EXPECT_THAT(output_, HasSubstr("运费谁出?"));
  EXPECT_EQ(kefu({"delete", "--kb", "shop", "faq.csv"}), 0) << output_;
  EXPECT_EQ(output_, "deleted faq.csv\n");
  EXPECT_EQ(kefu({"delete", "--kb", "shop"}), 0) << output_;
  EXPECT_EQ(output_, "deleted knowledge base shop\n");
}

TEST_F(Command, NamesACommandThatDoesNotExist) {
  EXPECT_EQ(kefu({"bogus", "--kb", "shop"}), 2);
  EXPECT_EQ(output_, "kefu: there is no command \"bogus\": see kefu --help\n");
  EXPECT_EQ(kefu({"--bogus"}), 2);
  EXPECT_EQ(output_, "kefu: there is no option --bogus: see kefu --help\n");
  EXPECT_EQ(kefu({}), 2);
  EXPECT_THAT(output_, HasSubstr("subcommand"));
}

TEST_F(Command, RefusesArgumentsThatMakeNoSense) {
  EXPECT_EQ(kefu({"ask", "--kb", "shop"}), 2);
  EXPECT_EQ(kefu({"search", "--kb", "shop", "--top-k", "51", "q"}), 2);
  EXPECT_EQ(kefu({"ask", "--kb", "shop", "--mode", "best", "q"}), 2);
  EXPECT_EQ(kefu({"delete", "--kb", "shop", ""}), 2);  // an unset variable, not the whole knowledge base
  EXPECT_EQ(kefu({"similarity", "one"}), 2);
  EXPECT_EQ(kefu({"--server", "ftp://x", "status"}), 2);
  EXPECT_EQ(kefu({"--help"}), 0);
}

}  // namespace
}  // namespace kefu::gateway
