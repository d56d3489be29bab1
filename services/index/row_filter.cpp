#include "row_filter.hpp"

#include <algorithm>

namespace kefu::index {
namespace {

using kefu::v1::SearchFilter;

template <class Values, class Value>
bool allows(const Values& values, const Value& value) {
  return values.empty() || std::ranges::find(values, value) != values.end();
}

bool allows(const SearchFilter& filter, const kefu::v1::Passage& passage) {
  return allows(filter.documents(), passage.document_id()) &&
         allows(filter.categories(), passage.category()) &&
         allows(filter.kinds(), static_cast<int>(passage.kind()));
}

std::vector<bool> admitted_rows(const Segment& segment, const SearchFilter& filter) {
  std::vector<bool> admitted(segment.rows(), false);
  for (const Segment::Span& span : segment.spans()) {
    if (!allows(filter.filenames(), span.document->filename)) continue;
    for (std::uint32_t row = span.first; row < span.first + span.count; ++row)
      admitted[row] = allows(filter, segment.entry(row)->passage);
  }
  return admitted;
}

}  // namespace

RowFilter::RowFilter(const Snapshot& snapshot, const SearchFilter& filter) : snapshot_(&snapshot) {
  if (filter.filenames().empty() && filter.documents().empty() && filter.categories().empty() &&
      filter.kinds().empty()) {
    return;
  }
  for (const LiveSegment& live : snapshot.segments) admitted_.push_back(admitted_rows(*live.segment, filter));
}

}  // namespace kefu::index
