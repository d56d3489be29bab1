#include "row_filter.hpp"

#include <string>
#include <string_view>
#include <unordered_set>

namespace kefu::index {
namespace {

using kefu::v1::SearchFilter;

/// One list of a filter, which may have a thousand values for every row to be looked up in. The filter
/// outlives this object.
class Values {
 public:
  explicit Values(const google::protobuf::RepeatedPtrField<std::string>& list)
      : values_(list.begin(), list.end()) {}

  bool allow(std::string_view value) const { return values_.empty() || values_.contains(value); }

 private:
  std::unordered_set<std::string_view> values_;
};

struct Wanted {
  explicit Wanted(const SearchFilter& filter)
      : filenames(filter.filenames()),
        documents(filter.documents()),
        categories(filter.categories()),
        kinds(filter.kinds().begin(), filter.kinds().end()) {}

  bool allows(const kefu::v1::Passage& passage) const {
    return documents.allow(passage.document_id()) && categories.allow(passage.category()) &&
           (kinds.empty() || kinds.contains(passage.kind()));
  }

  Values filenames;
  Values documents;
  Values categories;
  std::unordered_set<int> kinds;
};

std::vector<bool> admitted_rows(const Segment& segment, const Wanted& wanted) {
  std::vector<bool> admitted(segment.rows(), false);
  for (const Segment::Span& span : segment.spans()) {
    if (!wanted.filenames.allow(span.document->filename)) continue;
    for (std::uint32_t row = span.first; row < span.first + span.count; ++row)
      admitted[row] = wanted.allows(segment.entry(row)->passage);
  }
  return admitted;
}

}  // namespace

RowFilter::RowFilter(const Snapshot& snapshot, const SearchFilter& filter) : snapshot_(&snapshot) {
  if (filter.filenames().empty() && filter.documents().empty() && filter.categories().empty() &&
      filter.kinds().empty()) {
    return;
  }
  const Wanted wanted(filter);
  for (const LiveSegment& live : snapshot.segments) admitted_.push_back(admitted_rows(*live.segment, wanted));
}

}  // namespace kefu::index
