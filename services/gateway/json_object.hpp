#pragma once

#include <kefu/base/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// A JSON object as a request body, read strictly: every error names the field and what was expected. A field
/// that is null counts as absent. Errors of all: `invalid_argument`.
class JsonObject {
 public:
  /// Errors: not UTF-8, malformed (with the position), not an object.
  static Result<JsonObject> parse(std::string_view body);

  /// Errors: a field that is not in `names`.
  Result<> allow_only(std::initializer_list<std::string_view> names) const;

  Result<std::string> required_string(const char* name) const;
  Result<std::optional<std::string>> optional_string(const char* name) const;
  Result<std::optional<bool>> optional_bool(const char* name) const;
  /// A whole number from `least` to `most`.
  Result<std::optional<std::int64_t>> optional_integer(const char* name, std::int64_t least,
                                                       std::int64_t most) const;
  /// A string, or a list of strings.
  Result<std::vector<std::string>> required_strings(const char* name) const;

 private:
  explicit JsonObject(nlohmann::json value) : value_(std::move(value)) {}
  /// nullptr when absent or null.
  const nlohmann::json* find(const char* name) const;

  nlohmann::json value_;
};

}  // namespace kefu::gateway
