#pragma once

#include <string_view>

namespace kefu::answer {

/// The languages in which this service itself says something: refusals and instructions to a model.
enum class Language { chinese, english };

/// Chinese for a text that holds a Han character, else English.
Language language_of(std::string_view utf8);

}  // namespace kefu::answer
