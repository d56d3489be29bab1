#include "edit_planner.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <variant>

namespace kefu::ingest {
namespace {

using kefu::v1::Job;
using kefu::v1::Passage;
using kefu::v1::RowEdit;

/// One line of JSON as a file.
class LineSource final : public FileSource {
 public:
  explicit LineSource(std::string line) : line_(std::move(line)) {}
  Task<Result<std::string>> next() override { co_return std::exchange(line_, {}); }

 private:
  std::string line_;
};

std::string quoted(const std::string& filename) { return "\"" + filename + "\""; }

/// What rows of this document may be. Files of other types hold no rows.
Result<> check_format(const kefu::v1::Manifest& base, const RowEdit& edit, std::uint32_t row) {
  const auto type = detect_file_type(base.content_type(), base.filename());
  if (!type || type->format == Format::jsonl) return {};
  if (type->format != Format::csv) {
    return fail(Errc::invalid_argument,
                quoted(base.filename()) + " has no rows: it is one document, upload it again to change it");
  }
  if (!edit.has_text()) return {};
  return fail(Errc::invalid_argument,
              about_row(base.filename(), row, "text", "rows of a CSV file are FAQ rows, which have no text"));
}

/// The pieces of a long document as one.
void append(extraction::Document& document, extraction::Document piece) {
  for (extraction::Block& block : *piece.mutable_blocks()) *document.add_blocks() = std::move(block);
}

const std::string& id_of(const Extraction::Entry& entry) {
  if (const auto* row = std::get_if<extraction::FaqRow>(&entry)) return row->id();
  return std::get<extraction::Document>(entry).id();
}

}  // namespace

Task<Result<EditPlan>> EditPlanner::plan(std::uint64_t id, Job job) {
  EditPlan plan;
  KEFU_CO_TRY(plan.base, co_await base_of(id, job));
  KEFU_CO_TRY(Survey found, co_await survey(plan.base, job));
  const RowEdit::Action action = job.edit().action();
  const bool append = action == RowEdit::ACTION_APPEND;
  plan.row = append ? 0 : found.row.number;
  const auto former = static_cast<std::uint32_t>(found.row.passages.size());
  plan.rows = static_cast<std::uint32_t>(found.rows.size());
  if (append) {
    ++plan.rows;
  } else if (action == RowEdit::ACTION_REMOVE) {
    --plan.rows;
  }
  if (action != RowEdit::ACTION_REMOVE) {
    KEFU_CO_TRY(plan.replacement, co_await edited(std::move(found), job));
  }
  plan.passages =
      plan.base.manifest.passages() - former + static_cast<std::uint32_t>(plan.replacement.size());
  co_return plan;
}

/// The version that the caller saw, or whichever is the newest; all earlier jobs of the document have ended.
Task<Result<CommittedVersion>> EditPlanner::base_of(std::uint64_t id, Job job) {
  const proto::VersionKey version = version_of(id, job);
  KEFU_CO_TRY(const auto before, co_await documents_.versions(version));
  const std::uint64_t known = before.below ? before.below->key.version : 0;
  KEFU_CO_TRY(const auto waits_for, co_await earlier_.unfinished(job, id, known));
  if (waits_for) {
    co_return fail(Errc::not_ready, "waits for job " + std::to_string(*waits_for) + " of the same document");
  }
  // One may have been committed between the two looks; after the second nothing below this job changes.
  KEFU_CO_TRY(const auto versions, co_await documents_.versions(version));
  if (versions.higher) co_return fail(Errc::not_ready, "a later job of the document is ahead of this one");
  if (!versions.below || versions.below->manifest.parts() == 0) {
    co_return fail(Errc::not_found, "there is no document " + quoted(job.filename()) + " to edit");
  }
  const std::uint64_t newest = versions.below->key.version;
  if (job.base_version() != 0 && job.base_version() != newest) {
    co_return fail(Errc::conflict, quoted(job.filename()) + " is at version " + std::to_string(newest) +
                                       ", not at version " + std::to_string(job.base_version()) +
                                       ": read it again before you edit it");
  }
  co_return *versions.below;
}

Task<Result<EditPlanner::Survey>> EditPlanner::survey(CommittedVersion base, Job job) {
  Survey found;
  const bool append = job.edit().action() == RowEdit::ACTION_APPEND;
  for (std::uint32_t number = 0; number < base.manifest.parts(); ++number) {
    KEFU_CO_TRY(auto part, co_await documents_.part(base.key, number));
    for (Passage& passage : *part.mutable_passages()->mutable_passages()) {
      found.last = std::max(found.last, passage.row());
      found.rows.insert(passage.row());
      if (job.edit().has_id()) found.ids.try_emplace(passage.document_id(), passage.row());
      if (!append && passage.row() != 0 && passage.row() == job.edit().row()) {
        found.row.passages.push_back(std::move(passage));
      }
    }
  }
  found.row.number = append ? found.last + 1 : job.edit().row();
  KEFU_CO_CHECK(check_format(base.manifest, job.edit(), found.row.number));
  if (found.last == 0) {
    co_return fail(Errc::invalid_argument,
                   quoted(job.filename()) + " has no rows: it is one document, upload it again to change it");
  }
  if (!append && found.row.passages.empty()) {
    co_return fail(Errc::not_found, about_row(job.filename(), job.edit().row(), "", "there is no such row"));
  }
  co_return found;
}

Task<Result<std::vector<Passage>>> EditPlanner::edited(Survey survey, Job job) {
  Row row = std::move(survey.row);
  KEFU_CO_TRY(std::string line, edited_line(row, job.edit(), job.filename()));
  KEFU_CO_TRY(Extraction::Entry entry, co_await read_line(std::move(line), row.number, job.filename()));
  if (job.edit().has_id() && !id_of(entry).empty()) {
    const auto other = survey.ids.find(id_of(entry));
    if (other != survey.ids.end() && other->second != row.number) {
      co_return fail(Errc::invalid_argument, about_row(job.filename(), row.number, "id",
                                                       "row " + std::to_string(other->second) +
                                                           " has the id \"" + other->first + "\""));
    }
  }
  std::vector<Passage> passages;
  if (keeps_passages(row, job.edit()) && !row.passages.empty()) {
    const auto& document = std::get<extraction::Document>(entry);
    passages = std::move(row.passages);
    for (Passage& passage : passages) {
      passage.set_document_id(document.id());
      passage.set_title(document.title());
      passage.set_url(document.url());
    }
  } else {
    std::vector<Extraction::Entry> entries;
    entries.push_back(std::move(entry));
    KEFU_CO_TRY(passages, co_await splitter_.split(std::move(entries), job.filename()));
  }
  for (Passage& passage : passages) passage.set_row(row.number);
  co_return passages;
}

/// The only row of a file that holds this line.
Task<Result<Extraction::Entry>> EditPlanner::read_line(std::string line, std::uint32_t row,
                                                       std::string filename) {
  LineSource source(std::move(line));
  KEFU_CO_TRY(const auto stream, co_await extractor_.open({Format::jsonl, "utf-8"}, filename, source));
  std::optional<Extraction::Entry> found;
  while (true) {
    KEFU_CO_TRY(auto piece, co_await stream->next());
    if (!piece) break;
    if (piece->rejections.total() > 0) {
      const kefu::v1::Rejection complaint =
          piece->rejections.kept().empty() ? kefu::v1::Rejection() : piece->rejections.kept().front();
      co_return fail(Errc::invalid_argument, about_row(filename, row, complaint.field(), complaint.reason()));
    }
    for (Extraction::Entry& entry : piece->entries) {
      if (!found) {
        found = std::move(entry);
      } else if (auto* document = std::get_if<extraction::Document>(&*found)) {
        append(*document, std::get<extraction::Document>(std::move(entry)));
      }
    }
  }
  if (!found) co_return fail(Errc::invalid_argument, about_row(filename, row, "", "the row would be empty"));
  co_return *std::move(found);
}

}  // namespace kefu::ingest
