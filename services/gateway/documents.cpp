#include "documents.hpp"

#include "job_json.hpp"
#include "names.hpp"
#include "upload.hpp"

#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::string_view, 5> kTypes{"text/csv", "application/x-ndjson", "application/jsonl",
                                                 "text/markdown", "text/plain"};

struct Extension {
  std::string_view ending;
  std::string_view type;
};
constexpr std::array kExtensions{Extension{".csv", "text/csv"},
                                 Extension{".jsonl", "application/x-ndjson"},
                                 Extension{".ndjson", "application/x-ndjson"},
                                 Extension{".md", "text/markdown"},
                                 Extension{".markdown", "text/markdown"},
                                 Extension{".txt", "text/plain"}};

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Of one parameter of a content type, `charset=utf-8` or `charset="UTF-8"`; others are none of ours.
bool is_utf8_or_no_charset(std::string_view parameter) {
  const std::size_t equals = parameter.find('=');
  if (lower_ascii(trimmed(parameter.substr(0, equals))) != "charset") return true;
  std::string_view value = equals == std::string_view::npos ? "" : trimmed(parameter.substr(equals + 1));
  if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
    value = value.substr(1, value.size() - 2);
  const std::string charset = lower_ascii(value);
  return charset == "utf-8" || charset == "utf8";
}

std::int64_t unix_milliseconds() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Result<std::string> document_type(std::string_view content_type, std::string_view filename) {
  std::string type = http::media_type(content_type);
  if (std::ranges::find(kTypes, type) != kTypes.end()) return type;
  if (type != "application/octet-stream") {
    return fail(Errc::unsupported_media,
                "the content type must be text/csv, application/x-ndjson, application/jsonl, text/markdown "
                "or text/plain");
  }
  const std::string name = lower_ascii(filename);
  const auto known = std::ranges::find_if(
      kExtensions, [&](const Extension& extension) { return name.ends_with(extension.ending); });
  if (known == kExtensions.end()) {
    return fail(Errc::unsupported_media,
                "of application/octet-stream only files ending in .csv, .jsonl, .ndjson, .md, "
                ".markdown and .txt are taken");
  }
  return std::string(known->type);
}

Result<> check_encoding(const http::Fields& fields) {
  std::string_view type = fields.get("Content-Type");
  while (!type.empty()) {
    type.remove_prefix(std::min(type.find(';'), type.size() - 1) + 1);
    if (!is_utf8_or_no_charset(type.substr(0, type.find(';'))))
      return fail(Errc::unsupported_media, "the charset must be utf-8: convert the file first");
  }
  for (const auto& [name, value] : fields) {
    if (lower_ascii(name) != "content-encoding") continue;
    const std::string encoding = lower_ascii(trimmed(value));
    if (!encoding.empty() && encoding != "identity") {
      return fail(Errc::unsupported_media,
                  "the content encoding must be identity: send the file without compressing it");
    }
  }
  return {};
}

DocumentRoutes::DocumentRoutes(bus::StreamStore& store, const directory::KnowledgeBases& knowledge_bases,
                               telemetry::Metrics& metrics, std::size_t max_uploads,
                               std::size_t max_upload_bytes)
    : store_(store),
      knowledge_bases_(knowledge_bases),
      uploads_(max_uploads),
      max_upload_bytes_(max_upload_bytes),
      received_bytes_(
          metrics.counter("kefu_gateway_upload_bytes_total", "Bytes of uploads read from clients")) {}

Task<Result<Reply>> DocumentRoutes::upload(RequestContext context, http::Exchange& exchange) {
  const http::RequestHead& head = exchange.head();
  const std::string kb_name = path_parameter(exchange, "kb");
  KEFU_CO_CHECK(validate_kb_name(kb_name));
  const auto filename = head.query.find("filename");
  if (filename == head.query.end())
    co_return fail(Errc::invalid_argument, "the query parameter \"filename\" is missing");
  KEFU_CO_CHECK(validate_filename(filename->second));
  KEFU_CO_CHECK(check_encoding(head.fields));
  KEFU_CO_TRY(std::string type, document_type(head.fields.get("Content-Type"), filename->second));
  KEFU_CO_TRY(kefu::v1::KnowledgeBase kb,
              co_await knowledge_bases_.find(kb_name, context.deadline.at_most(5s)));
  const auto permit = uploads_.try_acquire();
  if (!permit) co_return fail(Errc::overloaded, "too many uploads are being taken");
  KEFU_CO_TRY(StoredUpload upload,
              co_await store_upload(exchange, store_, max_upload_bytes_, context.deadline, received_bytes_));
  kefu::v1::Job job;
  job.set_action(kefu::v1::Job::ACTION_UPSERT);
  job.set_filename(filename->second);
  job.set_content_type(std::move(type));
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

Task<Result<Reply>> DocumentRoutes::remove(RequestContext context, http::Exchange& exchange) {
  const std::string kb_name = path_parameter(exchange, "kb");
  KEFU_CO_CHECK(validate_kb_name(kb_name));
  kefu::v1::Job job;
  job.set_action(kefu::v1::Job::ACTION_DELETE);
  job.set_filename(path_parameter(exchange, "filename"));
  KEFU_CO_CHECK(validate_filename(job.filename()));
  KEFU_CO_TRY(kefu::v1::KnowledgeBase kb, co_await knowledge_bases_.find(kb_name, context.deadline));
  co_return co_await append_job(std::move(context), std::move(kb), std::move(job));
}

Task<Result<Reply>> DocumentRoutes::append_job(RequestContext context, kefu::v1::KnowledgeBase kb,
                                               kefu::v1::Job job) {
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
