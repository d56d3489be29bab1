#include "splitter.hpp"

#include "packing.hpp"

#include <kefu/proto/passage.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace kefu::ingest {
namespace {

using kefu::v1::Passage;

// A token counter that finds pieces longer than what they were cut from would go on for ever.
constexpr int kMaxRounds = 24;

std::string heading_without_top(const std::string& heading) {
  constexpr std::string_view kSeparator = " > ";
  const std::size_t end = heading.find(kSeparator);
  return end == std::string::npos ? std::string() : heading.substr(end + kSeparator.size());
}

/// Tokens for the text of a section, beside its heading.
std::uint32_t room_beside(const Section& section, std::uint32_t max_tokens) {
  // The seam between heading and text may cost a token more than both alone.
  const std::uint32_t used = section.heading.empty() ? 0 : section.heading_tokens + 1;
  return max_tokens > used ? max_tokens - used : 1;
}

struct Made {
  std::vector<Passage> passages;
  std::vector<std::string> near_limit;  // what the model is given of those that may be too long for it
};

Made make_passages(const std::vector<Section>& sections, const extraction::Document& document,
                   const std::string& filename, PackLimits limits) {
  Made made;
  for (const Section& section : sections) {
    for (PackedText& packed : pack(section, limits)) {
      Passage& passage = made.passages.emplace_back();
      passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
      passage.set_document_id(document.id().empty() ? filename : document.id());
      passage.set_title(document.title().empty() ? filename : document.title());
      passage.set_heading(section.heading);
      passage.set_row(document.row());
      passage.set_url(document.url());
      passage.set_text(std::move(packed.text));
      if (packed.tokens > limits.hard * 3 / 4) made.near_limit.push_back(proto::embedding_input(passage));
    }
  }
  return made;
}

Passage to_passage(const extraction::FaqRow& row, const std::string& phrasing, const std::string& filename) {
  Passage passage;
  passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  passage.set_document_id(row.id().empty() ? filename : row.id());
  passage.set_title(row.question());
  passage.set_text(phrasing);
  passage.set_answer(row.answer());
  passage.set_category(row.category());
  passage.set_row(row.row());
  return passage;
}

void add_phrasings(const extraction::FaqRow& row, const std::string& filename,
                   std::vector<Passage>& passages) {
  passages.push_back(to_passage(row, row.question(), filename));
  for (const std::string& phrasing : row.similar()) passages.push_back(to_passage(row, phrasing, filename));
}

/// The uncounted units of all sections, in order.
std::vector<Unit*> uncounted(const std::vector<Section*>& sections) {
  std::vector<Unit*> units;
  for (Section* section : sections) {
    for (Unit& unit : section->units) {
      if (unit.tokens == 0) units.push_back(&unit);
    }
  }
  return units;
}

std::vector<Section*> addresses_of(std::vector<Section>& sections) {
  std::vector<Section*> out;
  out.reserve(sections.size());
  for (Section& section : sections) out.push_back(&section);
  return out;
}

/// Divides what is too long, once; true when anything was. Pieces that hold nothing to read fall away, so
/// what is left of a unit may be one piece, or none.
template <class TooLong>
bool divide_units(Section& section, std::uint32_t limit, TooLong too_long) {
  std::vector<Unit> out;
  bool divided = false;
  for (Unit& unit : section.units) {
    if (!too_long(unit)) {
      out.push_back(std::move(unit));
      continue;
    }
    std::vector<Unit> pieces = divide(unit, limit);
    divided = divided || pieces.size() != 1 || pieces.front().text.size() < unit.text.size();
    std::ranges::move(pieces, std::back_inserter(out));
  }
  section.units = std::move(out);
  return divided;
}

}  // namespace

/// The texts of all documents are counted together: files of many short ones would ask for each of them.
Task<Result<std::vector<Passage>>> Splitter::split(std::vector<Extraction::Entry> entries,
                                                   std::string filename) {
  std::vector<Work> documents;
  for (const Extraction::Entry& entry : entries) {
    const auto* document = std::get_if<extraction::Document>(&entry);
    if (document != nullptr) documents.push_back({document, sections_of(*document)});
  }
  std::uint32_t max_tokens = 0;
  if (!documents.empty()) {
    std::vector<Section*> sections;
    for (Work& work : documents) std::ranges::move(addresses_of(work.sections), std::back_inserter(sections));
    KEFU_CO_TRY(max_tokens, co_await count_headings(sections));
    KEFU_CO_CHECK(co_await count_units(std::move(sections), max_tokens));
  }
  std::vector<Passage> passages;
  auto next = documents.begin();
  for (const Extraction::Entry& entry : entries) {
    if (const auto* row = std::get_if<extraction::FaqRow>(&entry)) {
      add_phrasings(*row, filename, passages);
      continue;
    }
    KEFU_CO_TRY(auto of_document, co_await divide_document(*next++, filename, max_tokens));
    std::ranges::move(of_document, std::back_inserter(passages));
  }
  co_return passages;
}

/// Units are counted alone; together they may have a few tokens more. Where that matters the passages are
/// counted too, and made again with a lower limit if need be.
Task<Result<std::vector<Passage>>> Splitter::divide_document(Work& work, std::string filename,
                                                             std::uint32_t max_tokens) {
  for (std::uint32_t limit = max_tokens;; limit = limit * 4 / 5) {
    if (limit < max_tokens) KEFU_CO_CHECK(co_await count_units(addresses_of(work.sections), limit));
    Made made = make_passages(
        work.sections, *work.document, filename,
        {.target = settings_.target_tokens, .overlap = settings_.overlap_tokens, .hard = limit});
    KEFU_CO_TRY(const bool fit, co_await all_fit(std::move(made.near_limit), max_tokens));
    if (fit || limit < max_tokens / 4 || limit < 8) co_return std::move(made.passages);
  }
}

/// Headings that would leave little room for the text lose their upper levels. Returns the model's limit.
Task<Result<std::uint32_t>> Splitter::count_headings(std::vector<Section*> sections) {
  while (true) {
    // Neighbours often have the same; most documents of JSONL have none.
    std::vector<std::string> headings;
    for (const Section* section : sections) {
      if (headings.empty() || headings.back() != section->heading) headings.push_back(section->heading);
    }
    KEFU_CO_TRY(const TokenCounts counted, co_await counter_.count(headings));
    bool shortened = false;
    std::size_t heading = 0;
    for (Section* section : sections) {
      if (headings[heading] != section->heading) ++heading;
      section->heading_tokens = section->heading.empty() ? 0 : counted.counts[heading];
    }
    for (Section* section : sections) {
      if (section->heading.empty() || section->heading_tokens <= counted.max_tokens / 3) continue;
      section->heading = heading_without_top(section->heading);
      shortened = true;
    }
    if (!shortened) co_return counted.max_tokens;
  }
}

/// Counts every unit and divides those that no passage could hold, until there are none.
Task<Result<>> Splitter::count_units(std::vector<Section*> sections, std::uint32_t max_tokens) {
  for (Section* section : sections) {
    while (divide_units(*section, max_tokens, too_long_to_count)) continue;
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    const std::vector<Unit*> units = uncounted(sections);
    if (!units.empty()) {
      std::vector<std::string> texts;
      for (const Unit* unit : units) texts.push_back(unit->text);
      KEFU_CO_TRY(const TokenCounts counted, co_await counter_.count(std::move(texts)));
      for (std::size_t i = 0; i < units.size(); ++i) units[i]->tokens = std::max(1U, counted.counts[i]);
    }
    bool divided = false;
    for (Section* section : sections) {
      const std::uint32_t limit = room_beside(*section, max_tokens);
      const auto too_long = [limit](const Unit& unit) { return unit.tokens > limit; };
      divided = divide_units(*section, limit, too_long) || divided;
    }
    if (!divided) break;
  }
  co_return Result<>{};
}

Task<Result<bool>> Splitter::all_fit(std::vector<std::string> inputs, std::uint32_t max_tokens) {
  if (inputs.empty()) co_return true;
  KEFU_CO_TRY(const TokenCounts counted, co_await counter_.count(std::move(inputs)));
  co_return std::ranges::all_of(counted.counts, [=](std::uint32_t count) { return count <= max_tokens; });
}

}  // namespace kefu::ingest
