#pragma once

#include "kefu/v1/access.pb.h"

#include <cstdint>
#include <string>

namespace kefu::gateway {

/// One line of GET /v1/audit, without its end.
std::string audit_json(const kefu::v1::AuditEntry& entry, std::uint64_t sequence);

}  // namespace kefu::gateway
