#include "question.hpp"

#include <kefu/text/normalize.hpp>
#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

namespace kefu::gateway {

Result<> validate_question(std::string_view utf8, std::string_view field) {
  const std::size_t length = text::count_code_points(utf8);
  if (length > kMaxQuestionCodePoints) {
    return fail(Errc::invalid_argument, fmt::format("field \"{}\" has {} characters, at most {} are taken",
                                                    field, length, kMaxQuestionCodePoints));
  }
  if (text::is_blank(utf8)) return fail(Errc::invalid_argument, fmt::format("field \"{}\" is empty", field));
  return {};
}

}  // namespace kefu::gateway
