#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace kefu::ingest {

/// What an FAQ row may hold.
enum class FaqField { question, answer, similar, category, id };
inline constexpr std::size_t kFaqFields = 5;

/// The field that a column of a table or a key of a JSON object stands for, by its English or one of its
/// Chinese names; case, spaces and full-width letters make no difference.
std::optional<FaqField> faq_field_named(std::string_view title);

/// The English name, which complaints use.
std::string_view name_of(FaqField field);

}  // namespace kefu::ingest
