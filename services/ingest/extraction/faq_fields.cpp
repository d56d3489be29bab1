#include "faq_fields.hpp"

#include <kefu/text/normalize.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <utility>

namespace kefu::ingest {
namespace {

using Name = std::pair<std::string_view, FaqField>;

// Folded as fold_for_matching() does. The first name of each field is the one that people are told.
constexpr std::array<Name, 24> kNames{{{"question", FaqField::question},
                                       {"answer", FaqField::answer},
                                       {"similar", FaqField::similar},
                                       {"category", FaqField::category},
                                       {"id", FaqField::id},
                                       {"问题", FaqField::question},
                                       {"標準問題", FaqField::question},
                                       {"標準問", FaqField::question},
                                       {"問題", FaqField::question},
                                       {"标准问题", FaqField::question},
                                       {"标准问", FaqField::question},
                                       {"答案", FaqField::answer},
                                       {"标准答案", FaqField::answer},
                                       {"similar questions", FaqField::similar},
                                       {"similar_questions", FaqField::similar},
                                       {"相似问题", FaqField::similar},
                                       {"相似问", FaqField::similar},
                                       {"相似問題", FaqField::similar},
                                       {"相似問", FaqField::similar},
                                       {"分类", FaqField::category},
                                       {"分類", FaqField::category},
                                       {"类别", FaqField::category},
                                       {"编号", FaqField::id},
                                       {"編號", FaqField::id}}};

}  // namespace

std::optional<FaqField> faq_field_named(std::string_view title) {
  const std::string folded = text::fold_for_matching(title);
  const auto name = std::ranges::find(kNames, folded, &Name::first);
  return name == kNames.end() ? std::nullopt : std::optional(name->second);
}

std::string_view name_of(FaqField field) { return std::ranges::find(kNames, field, &Name::second)->first; }

}  // namespace kefu::ingest
