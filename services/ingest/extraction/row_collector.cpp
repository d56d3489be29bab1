#include "row_collector.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <algorithm>
#include <unordered_set>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

// An answer travels with every phrasing of its question, and a message of a stream has its limit.
constexpr std::size_t kMaxAnswerBytes = 64 << 10;
// Four times what people ask at most; embedding divides what its model does not take whole.
constexpr std::size_t kMaxPhrasingCharacters = 2000;
constexpr std::size_t kMaxLabelBytes = 512;
constexpr std::size_t kMaxUrlBytes = 2048;
constexpr int kMaxPhrasings = 100;
constexpr std::size_t kNoLimit = ~std::size_t{0};

bool has_text(const extraction::Block& block) { return !text::is_blank(block.text()); }

}  // namespace

void RowCollector::add(extraction::FaqRow row) {
  const std::vector<Rule> rules{{"question", row.question(), kNoLimit, true},
                                {"answer", row.answer(), kMaxAnswerBytes, true},
                                {"category", row.category(), kMaxLabelBytes, false},
                                {"id", row.id(), kMaxLabelBytes, false}};
  if (!std::ranges::all_of(rules, [&](const Rule& rule) { return keeps(row.row(), rule); })) return;
  if (!is_short_enough(row.row(), "question", row.question()) || !claim_id(row.row(), row.id())) return;
  tidy_phrasings(row);
  sink_.take(std::move(row));
}

void RowCollector::add(extraction::Document document) {
  const std::vector<Rule> rules{{"id", document.id(), kMaxLabelBytes, true},
                                {"title", document.title(), kMaxLabelBytes, false},
                                {"url", document.url(), kMaxUrlBytes, false}};
  if (!std::ranges::all_of(rules, [&](const Rule& rule) { return keeps(document.row(), rule); })) return;
  if (std::ranges::none_of(document.blocks(), has_text)) {
    return sink_.reject(document.row(), "text", "the text holds nothing that can be read");
  }
  if (claim_id(document.row(), document.id())) sink_.take(std::move(document));
}

/// False, after a rejection, when an earlier row of the file has this id already.
bool RowCollector::claim_id(std::uint32_t row, const std::string& id) {
  if (id.empty()) return true;
  const auto [known, is_new] = ids_.emplace(id, row);
  if (is_new) return true;
  sink_.reject(row, "id", "row " + std::to_string(known->second) + " has the id \"" + id + "\" already");
  return false;
}

bool RowCollector::keeps(std::uint32_t row, const Rule& rule) {
  if (rule.required && rule.value.empty()) {
    sink_.reject(row, rule.field, std::string("the ") + rule.field + " is missing");
    return false;
  }
  if (rule.required && text::is_blank(rule.value)) {
    sink_.reject(row, rule.field,
                 std::string("the ") + rule.field + " holds nothing but characters that cannot be seen");
    return false;
  }
  if (rule.value.size() <= rule.limit) return true;
  sink_.reject(row, rule.field,
               std::string("the ") + rule.field + " is longer than " + std::to_string(rule.limit) + " bytes");
  return false;
}

bool RowCollector::is_short_enough(std::uint32_t row, const char* field, std::string_view phrasing) {
  const std::size_t characters = text::count_code_points(phrasing);
  if (characters <= kMaxPhrasingCharacters) return true;
  sink_.reject(row, field,
               "a question has at most " + std::to_string(kMaxPhrasingCharacters) +
                   " characters, this one has " + std::to_string(characters));
  return false;
}

/// Drops phrasings that say the same as another one, and rejects those over the limits.
void RowCollector::tidy_phrasings(extraction::FaqRow& row) {
  std::unordered_set<std::string> seen{text::normalize(row.question())};
  std::vector<std::string> kept;
  for (const std::string& phrasing : row.similar()) {
    if (text::is_blank(phrasing) || !seen.insert(text::normalize(phrasing)).second) continue;
    if (!is_short_enough(row.row(), "similar", phrasing)) continue;
    if (std::ssize(kept) == kMaxPhrasings) {
      sink_.reject(row.row(), "similar",
                   "a row has at most " + std::to_string(kMaxPhrasings) +
                       " similar questions; the others were left out");
      break;
    }
    kept.push_back(phrasing);
  }
  row.mutable_similar()->Assign(kept.begin(), kept.end());
}

}  // namespace kefu::ingest
