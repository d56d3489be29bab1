#include "audit_json.hpp"

#include "json_text.hpp"

namespace kefu::gateway {

std::string audit_json(const kefu::v1::AuditEntry& entry, std::uint64_t sequence) {
  nlohmann::ordered_json object{{"sequence", sequence},
                                {"time", time_text(entry.unix_ms())},
                                {"key_id", entry.key_id().empty() ? "local" : entry.key_id()},
                                {"key_name", entry.key_name()},
                                {"client", entry.client()},
                                {"action", entry.action()},
                                {"kb", entry.kb()},
                                {"object", entry.object()},
                                {"status", entry.status()}};
  if (!entry.code().empty()) object["code"] = entry.code();
  object["request_id"] = entry.request_id();
  return json_text(object);
}

}  // namespace kefu::gateway
