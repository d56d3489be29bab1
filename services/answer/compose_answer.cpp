#include "compose_answer.hpp"

#include "extract.hpp"
#include "language.hpp"

#include <utility>

namespace kefu::answer {

kefu::v1::Source source_of(const Assessment& assessment) {
  const auto& passage = assessment.hit->passage();
  kefu::v1::Source source;
  source.set_document(passage.document_id());
  source.set_filename(assessment.hit->filename());
  source.set_title(passage.title());
  source.set_heading(passage.heading());
  source.set_passage(passage.ordinal());
  source.set_text(passage.text());
  source.set_score(static_cast<float>(assessment.confidence));
  source.set_url(passage.url());
  return source;
}

kefu::v1::Answer compose_answer(std::string_view question, const Verdict& verdict, const Refusals& refusals) {
  kefu::v1::Answer answer;
  answer.set_decision(verdict.decision);
  answer.set_confidence(static_cast<float>(verdict.confidence));
  if (verdict.decision == kefu::v1::DECISION_FAQ) {
    answer.set_answer(verdict.best->hit->passage().answer());
    *answer.add_sources() = source_of(*verdict.best);
  } else if (verdict.decision == kefu::v1::DECISION_EXTRACTED) {
    Extract extract = extract_answer(question, verdict.best->hit->passage().text());
    auto& source = *answer.add_sources();
    source = source_of(*verdict.best);
    source.mutable_span()->set_begin(static_cast<std::uint32_t>(extract.begin));
    source.mutable_span()->set_end(static_cast<std::uint32_t>(extract.end));
    answer.set_answer(std::move(extract.text));
  } else {
    answer.set_answer(language_of(question) == Language::chinese ? refusals.chinese : refusals.english);
  }
  return answer;
}

kefu::v1::Answer compose_generated(std::string text, const Verdict& verdict,
                                   const std::vector<const Assessment*>& shown) {
  kefu::v1::Answer answer;
  answer.set_decision(kefu::v1::DECISION_GENERATED);
  answer.set_confidence(static_cast<float>(verdict.confidence));
  answer.set_answer(std::move(text));
  for (const Assessment* assessment : shown) *answer.add_sources() = source_of(*assessment);
  return answer;
}

}  // namespace kefu::answer
