#pragma once

#include "extraction/extraction.pb.h"
#include "format.hpp"
#include "rejections.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kefu::ingest {

/// A piece of what a file holds, in the order of the file. A long document comes in several pieces, of which
/// all but the first are marked as continued.
struct Extraction {
  using Entry = std::variant<extraction::FaqRow, extraction::Document>;
  std::vector<Entry> entries;
  Rejections rejections;
};

/// Where an extractor reads a file from, which is never in memory as a whole.
class FileSource {
 public:
  virtual ~FileSource() = default;
  /// The next bytes; empty at the end of the file.
  virtual Task<Result<std::string>> next() = 0;
};

/// A file that is being read: only as far as somebody asks for it.
class ExtractionStream {
 public:
  virtual ~ExtractionStream() = default;
  /// nullopt at the end. Errors: those of Extractor; what came before them is to be given up.
  virtual Task<Result<std::optional<Extraction>>> next() = 0;
};

/// Seam: reads files. Errors: `invalid_argument` and `data_corrupt` are the file's fault and final, the
/// message says why; `unavailable` and `cancelled` are not: the same file may be tried again. Also those of
/// the source.
class Extractor {
 public:
  virtual ~Extractor() = default;
  /// Returns when the source has been read to its end.
  virtual Task<Result<std::unique_ptr<ExtractionStream>>> open(FileType type, std::string filename,
                                                               FileSource& source) = 0;
};

}  // namespace kefu::ingest
