#pragma once

#include "kefu/v1/ask.pb.h"

#include <string_view>

namespace kefu::proto {

/// As the HTTP API, metrics and logs write it.
constexpr std::string_view decision_name(kefu::v1::Decision decision) {
  switch (decision) {
    case kefu::v1::DECISION_FAQ:
      return "faq";
    case kefu::v1::DECISION_EXTRACTED:
      return "extracted";
    case kefu::v1::DECISION_GENERATED:
      return "generated";
    case kefu::v1::DECISION_REFUSED:
      return "refused";
    default:
      return "unspecified";
  }
}

}  // namespace kefu::proto
