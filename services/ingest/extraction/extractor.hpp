#pragma once

#include "extraction/extraction.pb.h"
#include "format.hpp"
#include "rejections.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <string>
#include <vector>

namespace kefu::ingest {

/// What a file holds.
struct Extraction {
  std::vector<extraction::FaqRow> faq;
  std::vector<extraction::Document> documents;
  Rejections rejections;
};

/// Seam: reads files. Errors: `invalid_argument` and `data_corrupt` are the file's fault and final, the
/// message says why; `unavailable` and `cancelled` are not: the same file may be tried again.
class Extractor {
 public:
  virtual ~Extractor() = default;
  virtual Task<Result<Extraction>> extract(Format format, std::string filename, std::string bytes) = 0;
};

}  // namespace kefu::ingest
