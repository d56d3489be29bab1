#pragma once

#include "extraction/extraction.pb.h"

#include <cstdint>
#include <string>

namespace kefu::ingest {

/// Receives what a parser finds, in the order of the file.
class ExtractionSink {
 public:
  virtual ~ExtractionSink() = default;
  virtual void take(extraction::FaqRow row) = 0;
  virtual void take(extraction::Document document) = 0;
  /// A row, or a field of it, that is not taken in. `row` is 0 where the file has no rows.
  virtual void reject(std::uint32_t row, std::string field, std::string reason) = 0;
};

}  // namespace kefu::ingest
