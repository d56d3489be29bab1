#include <kefu/base/error.hpp>

#include <algorithm>
#include <array>

namespace kefu {
namespace {

constexpr std::array kTable{
    ErrcTraits{Errc::invalid_argument, "invalid_argument", 400, false},
    ErrcTraits{Errc::unauthenticated, "unauthenticated", 401, false},
    ErrcTraits{Errc::permission_denied, "permission_denied", 403, false},
    ErrcTraits{Errc::not_found, "not_found", 404, false},
    ErrcTraits{Errc::method_not_allowed, "method_not_allowed", 405, false},
    ErrcTraits{Errc::conflict, "conflict", 409, false},
    ErrcTraits{Errc::payload_too_large, "payload_too_large", 413, false},
    ErrcTraits{Errc::unsupported_media, "unsupported_media_type", 415, false},
    ErrcTraits{Errc::rate_limited, "rate_limited", 429, true},
    ErrcTraits{Errc::budget_exhausted, "budget_exhausted", 402, false},
    ErrcTraits{Errc::overloaded, "overloaded", 503, true},
    ErrcTraits{Errc::not_ready, "not_ready", 503, true},
    ErrcTraits{Errc::unavailable, "unavailable", 503, true},
    ErrcTraits{Errc::deadline_exceeded, "deadline_exceeded", 504, true},
    ErrcTraits{Errc::insufficient_storage, "insufficient_storage", 507, true},
    ErrcTraits{Errc::cancelled, "cancelled", 499, true},
    ErrcTraits{Errc::unsupported, "unsupported", 501, false},
    ErrcTraits{Errc::bad_upstream, "bad_upstream", 502, true},
    ErrcTraits{Errc::data_corrupt, "data_corrupt", 500, false},
    ErrcTraits{Errc::internal, "internal", 500, false},
};

consteval bool table_follows_the_enum() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].code) != i) return false;
  }
  return kTable.size() == static_cast<std::size_t>(Errc::internal) + 1;
}
static_assert(table_follows_the_enum(), "every Errc needs its row, in the order of the enum");

}  // namespace

const ErrcTraits& traits(Errc code) { return kTable[static_cast<std::size_t>(code)]; }

Errc errc_from_wire(std::string_view wire_code) {
  const auto row = std::ranges::find(kTable, wire_code, &ErrcTraits::wire_code);
  return row == kTable.end() ? Errc::internal : row->code;
}

}  // namespace kefu
