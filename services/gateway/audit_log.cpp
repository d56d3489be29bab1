#include "audit_log.hpp"

#include "audit_json.hpp"
#include "json_text.hpp"

#include <kefu/proto/subjects.hpp>
#include <kefu/text/utf8.hpp>

#include <chrono>
#include <map>
#include <string>
#include <utility>

namespace kefu::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kStoredWithin = 1s;
constexpr std::size_t kMaxNameBytes = 512;

std::string value_of(const std::map<std::string, std::string>& values, const char* name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string{} : found->second;
}

/// What a refused request calls itself may be anything, and protobuf takes UTF-8 alone.
std::string storable(const std::string& name) {
  const std::string_view valid = std::string_view(name).substr(0, text::valid_utf8_prefix(name));
  return std::string(text::truncate_utf8(valid, kMaxNameBytes));
}

std::string object_of(const Caller& caller, const http::RequestHead& head) {
  if (!caller.object.empty()) return caller.object;
  for (const char* parameter : {"filename", "job", "id"}) {
    if (std::string name = value_of(head.path_parameters, parameter); !name.empty()) return name;
  }
  return value_of(head.query, "filename");
}

}  // namespace

kefu::v1::AuditEntry audit_entry(std::string_view action, const Caller& caller, const http::RequestHead& head,
                                 const std::string& request_id) {
  kefu::v1::AuditEntry entry;
  entry.set_unix_ms(unix_milliseconds());
  entry.set_key_id(caller.key_id);
  entry.set_key_name(caller.key_name);
  entry.set_client(head.peer);
  entry.set_action(std::string(action));
  entry.set_kb(storable(caller.kb.empty() ? value_of(head.path_parameters, "kb") : caller.kb));
  entry.set_object(storable(object_of(caller, head)));
  entry.set_request_id(request_id);
  return entry;
}

AuditLog::AuditLog(bus::StreamStore& store, const telemetry::Logger& log, telemetry::Metrics& metrics)
    : store_(store),
      log_(log),
      failures_(
          metrics.counter("kefu_gateway_audit_failures_total",
                          "Entries of the audit that could not be stored; each is in the log instead")) {}

Task<void> AuditLog::append(kefu::v1::AuditEntry entry) const {
  bus::Message message{.subject = std::string(proto::kAuditSubject), .payload = entry.SerializeAsString()};
  const auto stored = co_await store_.append(std::move(message), Deadline::in(kStoredWithin));
  if (stored) co_return;
  failures_.add();
  const std::string line = audit_json(entry, 0);
  log_.error("an entry of the audit could not be stored",
             {{"entry", std::string_view(line)},
              {"error", std::string_view(stored.error().message)},
              {"detail", std::string_view(stored.error().detail)}});
}

}  // namespace kefu::gateway
