#include "faq_collector.hpp"

#include <kefu/text/normalize.hpp>

#include <utility>

namespace kefu::ingest {
namespace {

// An answer travels with every phrasing of its question, and a message of a stream has its limit.
constexpr std::size_t kMaxAnswerBytes = 64 << 10;
constexpr std::size_t kMaxPhrasingBytes = 8 << 10;
constexpr std::size_t kMaxLabelBytes = 512;
constexpr int kMaxPhrasings = 100;

}  // namespace

void FaqCollector::add(extraction::FaqRow row) {
  if (!check(row)) return;
  if (!row.id().empty() && !claim_id(row.row(), row.id())) return;
  tidy_phrasings(row);
  ++accepted_;
  sink_.take(std::move(row));
}

bool FaqCollector::claim_id(std::uint32_t row, std::string_view id) {
  if (ids_.emplace(id).second) return true;
  sink_.reject(row, "id", "an earlier row of this file has the id \"" + std::string(id) + "\"");
  return false;
}

bool FaqCollector::check(const extraction::FaqRow& row) {
  struct Rule {
    const char* field;
    const std::string& value;
    std::size_t limit;
    bool required;
  };
  for (const Rule& rule : {Rule{"question", row.question(), kMaxPhrasingBytes, true},
                           Rule{"answer", row.answer(), kMaxAnswerBytes, true},
                           Rule{"category", row.category(), kMaxLabelBytes, false},
                           Rule{"id", row.id(), kMaxLabelBytes, false}}) {
    if (rule.required && rule.value.empty()) {
      sink_.reject(row.row(), rule.field, std::string("the ") + rule.field + " is missing");
      return false;
    }
    if (rule.value.size() > rule.limit) {
      sink_.reject(
          row.row(), rule.field,
          std::string("the ") + rule.field + " is longer than " + std::to_string(rule.limit) + " bytes");
      return false;
    }
  }
  return true;
}

/// Drops phrasings that say the same as another one, and rejects those over the limits.
void FaqCollector::tidy_phrasings(extraction::FaqRow& row) {
  std::unordered_set<std::string> seen{text::normalize(row.question())};
  std::vector<std::string> kept;
  for (const std::string& phrasing : row.similar()) {
    if (phrasing.empty() || !seen.insert(text::normalize(phrasing)).second) continue;
    if (phrasing.size() > kMaxPhrasingBytes) {
      sink_.reject(row.row(), "similar",
                   "a similar question is longer than " + std::to_string(kMaxPhrasingBytes) + " bytes");
    } else if (std::ssize(kept) == kMaxPhrasings) {
      sink_.reject(row.row(), "similar",
                   "a row has at most " + std::to_string(kMaxPhrasings) +
                       " similar questions; the others were left out");
      break;
    } else {
      kept.push_back(phrasing);
    }
  }
  row.mutable_similar()->Assign(kept.begin(), kept.end());
}

}  // namespace kefu::ingest
