#pragma once

#include "caller.hpp"
#include "kefu/v1/access.pb.h"

#include <kefu/async/task.hpp>
#include <kefu/bus/stream_store.hpp>
#include <kefu/http/server.hpp>
#include <kefu/telemetry/log.hpp>
#include <kefu/telemetry/metrics.hpp>

#include <string>
#include <string_view>

namespace kefu::gateway {

/// Who did what to what, as far as the caller and the path tell; without how it ended.
kefu::v1::AuditEntry audit_entry(std::string_view action, const Caller& caller, const http::RequestHead& head,
                                 const std::string& request_id);

/// The record of manage actions in KEFU_AUDIT, to which is only ever added.
class AuditLog {
 public:
  /// Everything outlives this object.
  AuditLog(bus::StreamStore& store, const telemetry::Logger& log, telemetry::Metrics& metrics);

  /// Returns when the entry is stored, or after a moment, whether it is or not: the action has happened. What
  /// could not be stored is in the log instead.
  Task<void> append(kefu::v1::AuditEntry entry) const;

 private:
  bus::StreamStore& store_;
  const telemetry::Logger& log_;
  telemetry::Counter failures_;
};

}  // namespace kefu::gateway
