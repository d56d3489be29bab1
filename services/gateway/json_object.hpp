#pragma once

#include <kefu/base/error.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::gateway {

/// A JSON object as a request body, read strictly: every error names the field and what was expected. A field
/// that is null counts as absent. Errors of all: `invalid_argument`.
class JsonObject {
 public:
  /// Errors: not UTF-8, malformed (with the position), not an object, nested too deep, a field given twice.
  static Result<JsonObject> parse(std::string_view body);

  /// Errors: a field that is not in `names`.
  Result<> allow_only(std::initializer_list<std::string_view> names) const {
    return allow_only(std::span(names.begin(), names.size()));
  }
  Result<> allow_only(std::span<const std::string_view> names) const;

  Result<std::string> required_string(const char* name) const;
  Result<std::optional<std::string>> optional_string(const char* name) const;
  Result<std::optional<bool>> optional_bool(const char* name) const;
  /// A whole number from `least` to `most`.
  Result<std::optional<std::int64_t>> optional_integer(const char* name, std::int64_t least,
                                                       std::int64_t most) const;
  /// A string, or a list of strings.
  Result<std::vector<std::string>> required_strings(const char* name) const;
  Result<std::optional<std::vector<std::string>>> optional_strings(const char* name) const;
  /// An object inside this one, and a list of them; errors of their fields name the place, `filter.kind`.
  Result<std::optional<JsonObject>> optional_object(const char* name) const;
  Result<std::vector<JsonObject>> required_objects(const char* name) const;

  /// nullptr when absent or null: for what has a rule of its own.
  const nlohmann::json* find(const char* name) const;
  /// Of a field of this object, as messages name it.
  std::string place(std::string_view name) const;

 private:
  JsonObject(nlohmann::json value, std::string place) : value_(std::move(value)), place_(std::move(place)) {}
  std::unexpected<Error> wrong_type(const char* name, const char* expected,
                                    const nlohmann::json& value) const;
  std::unexpected<Error> missing(const char* name) const;

  nlohmann::json value_;
  std::string place_;  ///< of this object in the body, with a dot at its end; empty for the body itself
};

}  // namespace kefu::gateway
