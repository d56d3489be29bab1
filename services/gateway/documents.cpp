#include "documents.hpp"

#include "document_presence.hpp"
#include "job_json.hpp"
#include "json_text.hpp"
#include "media_type.hpp"
#include "names.hpp"
#include "query.hpp"
#include "request_body.hpp"
#include "row_edit_json.hpp"
#include "upload.hpp"

#include <kefu/proto/subjects.hpp>

#include <chrono>
#include <limits>
#include <optional>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;
using kefu::v1::Job;
using kefu::v1::RowEdit;

Job edit_job(RowEdit edit, std::uint64_t base_version) {
  Job job;
  job.set_action(Job::ACTION_EDIT);
  *job.mutable_edit() = std::move(edit);
  job.set_base_version(base_version);
  return job;
}

Result<Job> upload_job(std::optional<std::string> filename, std::string_view content_type) {
  if (!filename) return fail(Errc::invalid_argument, "the query parameter \"filename\" is missing");
  KEFU_CHECK(validate_filename(*filename));
  KEFU_TRY(std::string type, document_type(content_type, *filename));
  Job job;
  job.set_action(Job::ACTION_UPSERT);
  job.set_filename(*std::move(filename));
  job.set_content_type(std::move(type));
  return job;
}

}  // namespace

DocumentRoutes::DocumentRoutes(bus::MessageBus& bus, bus::StreamStore& store,
                               const directory::KnowledgeBases& knowledge_bases, telemetry::Metrics& metrics,
                               std::size_t max_uploads, std::size_t max_upload_bytes)
    : bus_(bus),
      store_(store),
      knowledge_bases_(knowledge_bases),
      uploads_(max_uploads),
      max_upload_bytes_(max_upload_bytes),
      received_bytes_(
          metrics.counter("kefu_gateway_upload_bytes_total", "Bytes of uploads read from clients")) {}

Task<Result<Reply>> DocumentRoutes::upload(RequestContext context, Caller& caller, http::Exchange& exchange) {
  const http::RequestHead& head = exchange.head();
  const std::string kb_name = path_parameter(exchange, "kb");
  KEFU_CO_CHECK(check_kb_name(kb_name));
  KEFU_CO_CHECK(check_not_compressed(head.fields));
  KEFU_CO_CHECK(check_announced_size(head, max_upload_bytes_));
  const auto filename = query_parameter(head, "filename");
  const std::string_view content_type = head.fields.get("Content-Type");
  const bool is_form = http::media_type(content_type) == "multipart/form-data";
  if (!is_form) {
    KEFU_CO_TRY(Job job, upload_job(filename, content_type));
    caller.object = job.filename();
    job.set_key_id(caller.key_id);
    KEFU_CO_TRY(auto kb, co_await knowledge_bases_.find(kb_name, context.deadline.at_most(5s)));
    BodySource source(exchange);
    co_return co_await store_file(std::move(context), std::move(kb), std::move(job), source);
  }
  KEFU_CO_TRY(const std::string boundary, multipart_boundary(content_type));
  if (filename) KEFU_CO_CHECK(validate_filename(*filename));
  KEFU_CO_TRY(auto kb, co_await knowledge_bases_.find(kb_name, context.deadline.at_most(5s)));
  FormFileSource source(exchange, boundary, context.deadline);
  KEFU_CO_TRY(const FormPart file, co_await source.open());
  KEFU_CO_TRY(Job job, upload_job(filename ? filename : file.filename, file.content_type));
  caller.object = job.filename();
  job.set_key_id(caller.key_id);
  co_return co_await store_file(std::move(context), std::move(kb), std::move(job), source);
}

Task<Result<Reply>> DocumentRoutes::store_file(RequestContext context, kefu::v1::KnowledgeBase kb, Job job,
                                               UploadSource& source) {
  const auto permit = uploads_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many uploads are being taken");
  KEFU_CO_TRY(StoredUpload upload,
              co_await store_upload(source, store_, max_upload_bytes_, context.deadline, received_bytes_));
  job.set_upload_id(std::move(upload.id));
  job.set_file_parts(upload.parts);
  job.set_file_bytes(upload.bytes);
  job.set_file_sha256(std::move(upload.sha256));
  auto reply = co_await append_job(std::move(context), std::move(kb), std::move(job));
  // After any other error the job may have been stored all the same, and needs its parts.
  if (!reply && reply.error().code == Errc::insufficient_storage)
    co_await erase_parts(store_, std::move(upload.sequences));
  co_return reply;
}

Task<Result<Reply>> DocumentRoutes::remove(RequestContext context, const Caller& caller,
                                           http::Exchange& exchange) {
  Job job;
  job.set_action(Job::ACTION_DELETE);
  co_return co_await append_change(std::move(context), caller, exchange, std::move(job));
}

Task<Result<Reply>> DocumentRoutes::change_row(RequestContext context, const Caller& caller,
                                               http::Exchange& exchange) {
  KEFU_CO_TRY(const std::uint32_t row, parse_row(path_parameter(exchange, "row")));
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxRowBytes));
  KEFU_CO_TRY(RowChange change, parse_row_edit(body, RowEdit::ACTION_CHANGE));
  change.edit.set_row(row);
  co_return co_await append_change(std::move(context), caller, exchange,
                                   edit_job(std::move(change.edit), change.base_version));
}

Task<Result<Reply>> DocumentRoutes::remove_row(RequestContext context, const Caller& caller,
                                               http::Exchange& exchange) {
  RowEdit edit;
  edit.set_action(RowEdit::ACTION_REMOVE);
  KEFU_CO_TRY(const std::uint32_t row, parse_row(path_parameter(exchange, "row")));
  edit.set_row(row);
  KEFU_CO_TRY(const std::uint64_t version,
              query_integer(exchange.head(), "version", 1, std::numeric_limits<std::int64_t>::max(), 0));
  co_return co_await append_change(std::move(context), caller, exchange, edit_job(std::move(edit), version));
}

Task<Result<Reply>> DocumentRoutes::append_row(RequestContext context, const Caller& caller,
                                               http::Exchange& exchange) {
  KEFU_CO_TRY(const std::string body, co_await read_json_body(exchange, kMaxRowBytes));
  KEFU_CO_TRY(RowChange change, parse_row_edit(body, RowEdit::ACTION_APPEND));
  co_return co_await append_change(std::move(context), caller, exchange,
                                   edit_job(std::move(change.edit), change.base_version));
}

Task<Result<Reply>> DocumentRoutes::append_change(RequestContext context, const Caller& caller,
                                                  http::Exchange& exchange, Job job) {
  const std::string kb_name = path_parameter(exchange, "kb");
  KEFU_CO_CHECK(check_kb_name(kb_name));
  job.set_key_id(caller.key_id);
  job.set_filename(path_parameter(exchange, "filename"));
  KEFU_CO_CHECK(validate_filename(job.filename()));
  KEFU_CO_TRY(kefu::v1::KnowledgeBase kb, co_await knowledge_bases_.find(kb_name, context.deadline));
  KEFU_CO_CHECK(co_await require_document(bus_, context, kb.name(), job.filename()));
  co_return co_await append_job(std::move(context), std::move(kb), std::move(job));
}

Task<Result<Reply>> DocumentRoutes::append_job(RequestContext context, kefu::v1::KnowledgeBase kb, Job job) {
  job.set_kb_name(kb.name());
  job.set_kb_incarnation(kb.incarnation());
  job.set_kb_generation(kb.generation());
  job.set_request_id(context.request_id);
  job.set_created_unix_ms(unix_milliseconds());
  bus::Message message{.subject = proto::job_subject(kb.incarnation()), .payload = job.SerializeAsString()};
  auto sequence = co_await store_.append(std::move(message), context.deadline.at_most(5s));
  if (!sequence) co_return fail(explain_full_store(std::move(sequence).error(), "jobs"));
  co_return json_reply(202, accepted_json(*sequence));
}

}  // namespace kefu::gateway
