#pragma once

#include "document_log.hpp"
#include "earlier_jobs.hpp"
#include "extraction/extractor.hpp"
#include "kefu/v1/log.pb.h"
#include "row_edit.hpp"
#include "splitting/splitter.hpp"

#include <kefu/async/task.hpp>
#include <kefu/base/error.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace kefu::ingest {

/// What the edit of a row comes to.
struct EditPlan {
  CommittedVersion base;
  std::uint32_t row = 0;                       ///< of the base, whose passages go away; 0: none does
  std::vector<kefu::v1::Passage> replacement;  ///< in its place, or behind all others
  std::uint32_t passages = 0;                  ///< of the new version
  std::uint32_t rows = 0;
};

/// Finds out which version an edit changes, and what the row becomes. Changes nothing.
class EditPlanner {
 public:
  /// Everything outlives this.
  EditPlanner(DocumentLog& documents, EarlierJobs& earlier, Extractor& extractor, Splitter& splitter)
      : documents_(documents), earlier_(earlier), extractor_(extractor), splitter_(splitter) {}

  /// Errors: `not_ready` while an earlier job of the document is unfinished; `not_found` and `conflict` when
  /// there is nothing to edit, or not in the version that the caller saw; `invalid_argument` when no file may
  /// have such a row; those of the streams, the extractor and the splitter.
  Task<Result<EditPlan>> plan(std::uint64_t id, kefu::v1::Job job);

 private:
  struct Survey {
    Row row;                 // the one that the edit names
    std::uint32_t last = 0;  // the highest number of a row
    std::unordered_set<std::uint32_t> rows;
    std::unordered_map<std::string, std::uint32_t> ids;  // the row that has it
  };

  Task<Result<CommittedVersion>> base_of(std::uint64_t id, kefu::v1::Job job);
  Task<Result<Survey>> survey(CommittedVersion base, kefu::v1::Job job);
  Task<Result<std::vector<kefu::v1::Passage>>> edited(Survey survey, kefu::v1::Job job);
  Task<Result<Extraction::Entry>> read_line(std::string line, std::uint32_t row, std::string filename);

  DocumentLog& documents_;
  EarlierJobs& earlier_;
  Extractor& extractor_;
  Splitter& splitter_;
};

}  // namespace kefu::ingest
