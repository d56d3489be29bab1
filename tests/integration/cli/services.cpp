#include "services.hpp"

#include "kefu/v1/ask.pb.h"
#include "kefu/v1/document.pb.h"
#include "kefu/v1/embedding.pb.h"
#include "kefu/v1/knowledge_base.pb.h"
#include "kefu/v1/log.pb.h"
#include "kefu/v1/search.pb.h"

#include <kefu/proto/subjects.hpp>
#include <kefu/vector/codec.hpp>

#include <array>
#include <vector>

namespace kefu::cli {
namespace {

using kefu::v1::JobState;

template <class Message>
Message parsed(const bus::Message& message) {
  Message request;
  request.ParseFromString(message.payload);
  return request;
}

std::unexpected<Error> no_such(const std::string& kb) {
  return fail(Errc::not_found, "there is no knowledge base \"" + kb + "\"");
}

void describe(kefu::v1::DocumentSummary& document, const std::string& filename) {
  document.set_filename(filename);
  document.set_version(7);
  document.set_passages(3);
  document.set_rows(3);
  if (filename != "faq.csv") return;
  document.set_file_bytes(1234);
  document.set_file_sha256("ce29bc13fd7fbd73");
}

kefu::v1::Passage faq_row(std::uint32_t row, const std::string& text, const std::string& answer) {
  kefu::v1::Passage passage;
  passage.set_document_id("R0" + std::to_string(row));
  passage.set_ordinal(row - 1);
  passage.set_row(row);
  passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  passage.set_title(text);
  passage.set_text(text);
  passage.set_answer(answer);
  return passage;
}

}  // namespace

void Services::serve_on(gateway::GatewayHarness& gateway) {
  const auto serve = [&](std::string_view subject, Method method) {
    gateway.serve(subject, [this, method](RequestContext, bus::Message message, bus::ReplySink& sink) {
      return (this->*method)(std::move(message), sink);
    });
  };
  serve(proto::kGetKnowledgeBase, &Services::get);
  serve(proto::kPutKnowledgeBase, &Services::put);
  serve(proto::kListKnowledgeBases, &Services::list);
  serve(proto::kDeleteKnowledgeBase, &Services::remove);
  serve(proto::kGetJob, &Services::job);
  serve(proto::kListJobs, &Services::jobs);
  serve(proto::kCancelJob, &Services::cancel);
  serve(proto::kListDocuments, &Services::documents);
  serve(proto::kGetDocument, &Services::document);
  serve(proto::kAsk, &Services::ask);
  serve(proto::kRetrieve, &Services::retrieve);
  serve(proto::kEmbed, &Services::embed);
  serve(proto::kGetModel, &Services::model);
}

Task<Result<std::string>> Services::get(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::GetKnowledgeBaseRequest>(message);
  if (!names_.contains(request.name())) co_return no_such(request.name());
  kefu::v1::GetKnowledgeBaseResponse response;
  response.mutable_knowledge_base()->set_name(request.name());
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::put(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::PutKnowledgeBaseRequest>(message);
  kefu::v1::PutKnowledgeBaseResponse response;
  response.mutable_knowledge_base()->set_name(request.name());
  response.mutable_knowledge_base()->set_description(request.description());
  response.set_created(names_.insert(request.name()).second);
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::list(bus::Message, bus::ReplySink&) {
  kefu::v1::ListKnowledgeBasesResponse response;
  for (const char* name : {"商店", "shop"}) {
    auto& entry = *response.add_knowledge_bases();
    entry.mutable_knowledge_base()->set_name(name);
    entry.set_documents(4);
    entry.set_passages(1061);
  }
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::remove(bus::Message message, bus::ReplySink&) {
  names_.erase(parsed<kefu::v1::DeleteKnowledgeBaseRequest>(message).name());
  co_return kefu::v1::DeleteKnowledgeBaseResponse{}.SerializeAsString();
}

Task<Result<std::string>> Services::job(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::GetJobRequest>(message);
  ++job_looks;
  kefu::v1::GetJobResponse response;
  JobState& state = *response.mutable_state();
  state.set_job(request.job());
  state.set_kb_name("shop");
  state.set_state(JobState::STATE_RUNNING);
  if (hold_jobs || seen_.insert(request.job()).second) co_return response.SerializeAsString();
  state.set_state(request.job() == 2 ? JobState::STATE_FAILED : JobState::STATE_DONE);
  if (request.job() == 2) state.set_error("the file is no text");
  state.mutable_indexed()->set_done(3);
  state.mutable_indexed()->set_total(3);
  state.mutable_usage()->set_embedding_tokens(1234);
  auto& rejection = *state.add_rejected();
  rejection.set_row(2);
  rejection.set_field("answer");
  rejection.set_reason("the answer is missing");
  state.set_rejected_total(1);
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::jobs(bus::Message, bus::ReplySink&) {
  kefu::v1::ListJobsResponse response;
  JobState& state = *response.add_states();
  state.set_job(42);
  state.set_kb_name("shop");
  state.set_filename("手册.md");
  state.set_state(JobState::STATE_RUNNING);
  state.mutable_embedded()->set_done(50);
  state.mutable_embedded()->set_total(1000);
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::cancel(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::CancelJobRequest>(message);
  if (request.job() == 2) co_return fail(Errc::conflict, "the job has ended");
  kefu::v1::CancelJobResponse response;
  response.mutable_state()->set_job(request.job());
  response.mutable_state()->set_state(JobState::STATE_FAILED);
  response.mutable_state()->set_cancelled(true);
  response.mutable_state()->set_filename("手册.md");
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::documents(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::ListDocumentsRequest>(message);
  kefu::v1::ListDocumentsResponse response;
  describe(*response.add_documents(), request.after().empty() ? "faq.csv" : "手册.md");
  response.set_more(request.after().empty());
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::document(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::GetDocumentRequest>(message);
  if (request.filename() != "faq.csv")
    co_return fail(Errc::not_found, "there is no document \"" + request.filename() + "\"");
  const std::array rows{faq_row(1, "几点开门?", "8:00"), faq_row(2, "几点关门?", "22:00"),
                        faq_row(3, "运费谁出?", "您承担")};
  kefu::v1::GetDocumentResponse response;
  describe(*response.mutable_document(), "faq.csv");
  constexpr std::size_t kPage = 2;
  for (std::size_t i = request.first_passage(); i < rows.size(); ++i) {
    if (response.passages_size() == kPage) {
      response.set_more(true);
      break;
    }
    *response.add_passages() = rows.at(i);
  }
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::ask(bus::Message message, bus::ReplySink& sink) {
  const auto request = parsed<kefu::v1::AskRequest>(message);
  ++questions;
  if (refusals > 0) {
    --refusals;
    co_return fail(Errc::overloaded, "too many questions at once");
  }
  if (request.kb() != "shop") co_return no_such(request.kb());
  kefu::v1::AskEvent event;
  if (request.question().find("天气") != std::string::npos) {
    event.mutable_done()->set_answer("不知道");
    event.mutable_done()->set_decision(kefu::v1::DECISION_REFUSED);
    co_return event.SerializeAsString();
  }
  if (request.stream()) {
    event.set_delta("买家\x1b[31m承担");
    KEFU_CO_CHECK(sink.send(event.SerializeAsString()));
  }
  event.mutable_done()->set_answer("买家\x1b[31m承担");
  event.mutable_done()->set_decision(kefu::v1::DECISION_FAQ);
  event.mutable_done()->add_sources()->set_filename("faq.csv");
  co_return event.SerializeAsString();
}

Task<Result<std::string>> Services::retrieve(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::RetrieveRequest>(message);
  ++questions;
  if (request.kb() != "shop") co_return no_such(request.kb());
  const bool is_known = request.question().find("运费") != std::string::npos;
  kefu::v1::RetrieveResponse response;
  for (const char* document : {is_known ? "R03" : "R01", is_known ? "R01" : "R03"}) {
    auto& passage = *response.add_hits()->mutable_passage();
    passage.set_document_id(document);
    passage.set_text("运费谁出?");
  }
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::embed(bus::Message message, bus::ReplySink&) {
  const auto request = parsed<kefu::v1::EmbedRequest>(message);
  kefu::v1::EmbedResponse response;
  response.set_format(kefu::v1::VECTOR_FORMAT_FLOAT32);
  response.set_dimensions(2);
  std::vector<float> components;
  for (int i = 0; i < request.texts_size(); ++i)
    components.insert(components.end(), {i == 0 ? 1.0F : 0.6F, i == 0 ? 0.0F : 0.8F});
  response.set_vectors(vector::encode(components, kefu::v1::VECTOR_FORMAT_FLOAT32));
  co_return response.SerializeAsString();
}

Task<Result<std::string>> Services::model(bus::Message, bus::ReplySink&) {
  kefu::v1::GetModelResponse response;
  response.set_model("small");
  response.set_dimensions(2);
  co_return response.SerializeAsString();
}

}  // namespace kefu::cli
