#include "json_object.hpp"

#include <kefu/text/utf8.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

namespace kefu::gateway {
namespace {

using nlohmann::json;

/// Copies of a value go down one frame of the stack for each level, so what is taken is shallow. No body of
/// this API has more than a handful.
constexpr int kMaxDepth = 32;

/// What the parser itself lets pass: nesting without end, and fields that are given twice, of which it takes
/// the last.
class Shape {
 public:
  bool keep(int depth, json::parse_event_t event, const json& value) {
    if (!problem_.empty()) return false;
    if (depth > kMaxDepth) problem_ = fmt::format("the JSON is nested more than {} levels deep", kMaxDepth);
    if (event == json::parse_event_t::object_start) names_.emplace_back();
    if (event == json::parse_event_t::object_end) names_.pop_back();
    if (event == json::parse_event_t::key) take_name(value.get_ref<const std::string&>());
    return problem_.empty();
  }
  /// Empty where there is none.
  const std::string& problem() const { return problem_; }

 private:
  void take_name(const std::string& name) {
    if (names_.back().insert(name).second) return;
    problem_ = fmt::format("field \"{}\" is given twice", text::truncate_utf8(name, 64));
  }

  std::vector<std::set<std::string>> names_;  // of the fields so far, for each object that is open
  std::string problem_;
};

/// 12.0 is one, as in JSON Schema. nullopt also for what is beyond the signed range.
std::optional<std::int64_t> whole_number(const json& value) {
  if (value.is_number_float()) {
    constexpr double kExactUpTo = 9007199254740992.0;  // 2^53
    const double number = value.get<double>();
    if (number != std::trunc(number) || std::abs(number) > kExactUpTo) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_unsigned() && !std::in_range<std::int64_t>(value.get<std::uint64_t>()))
    return std::nullopt;
  return value.get<std::int64_t>();
}

}  // namespace

std::unexpected<Error> JsonObject::wrong_type(const char* name, const char* expected,
                                              const json& value) const {
  return fail(Errc::invalid_argument,
              fmt::format("field \"{}\" must be {}, not {}", place(name), expected, value.type_name()));
}

std::unexpected<Error> JsonObject::missing(const char* name) const {
  return fail(Errc::invalid_argument, fmt::format("field \"{}\" is missing", place(name)));
}

std::string JsonObject::place(std::string_view name) const { return place_ + std::string(name); }

Result<JsonObject> JsonObject::parse(std::string_view body) {
  KEFU_CHECK(text::validate_utf8(body));
  json value;
  Shape shape;
  try {
    value = json::parse(body, [&shape](int depth, json::parse_event_t event, const json& part) {
      return shape.keep(depth, event, part);
    });
  } catch (const json::parse_error& error) {
    return fail(Errc::invalid_argument, body.empty()
                                            ? std::string("the body is empty, a JSON object was expected")
                                            : fmt::format("malformed JSON at byte {}", error.byte));
  } catch (const json::out_of_range&) {
    return fail(Errc::invalid_argument, "a number in the JSON is out of range");
  }
  if (!shape.problem().empty()) return fail(Errc::invalid_argument, shape.problem());
  if (!value.is_object()) {
    return fail(Errc::invalid_argument, fmt::format("a JSON object was expected, not {}", value.type_name()));
  }
  return JsonObject(std::move(value), "");
}

Result<> JsonObject::allow_only(std::span<const std::string_view> names) const {
  for (const auto& [name, value] : value_.items()) {
    if (std::ranges::find(names, name) != names.end()) continue;
    return fail(Errc::invalid_argument,
                fmt::format("unknown field \"{}\"", place(text::truncate_utf8(name, 64))));
  }
  return {};
}

const json* JsonObject::find(const char* name) const {
  const auto found = value_.find(name);
  return found == value_.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> JsonObject::required_string(const char* name) const {
  KEFU_TRY(std::optional<std::string> value, optional_string(name));
  if (!value) return missing(name);
  return *std::move(value);
}

Result<std::optional<std::string>> JsonObject::optional_string(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) return wrong_type(name, "a string", *value);
  return value->get<std::string>();
}

Result<std::optional<bool>> JsonObject::optional_bool(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) return wrong_type(name, "true or false", *value);
  return value->get<bool>();
}

Result<std::optional<std::int64_t>> JsonObject::optional_integer(const char* name, std::int64_t least,
                                                                 std::int64_t most) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) return wrong_type(name, "a whole number", *value);
  const std::optional<std::int64_t> whole = whole_number(*value);
  if (!whole || *whole < least || *whole > most) {
    return fail(Errc::invalid_argument,
                fmt::format("field \"{}\" must be a whole number from {} to {}", place(name), least, most));
  }
  return whole;
}

Result<std::vector<std::string>> JsonObject::required_strings(const char* name) const {
  KEFU_TRY(std::optional<std::vector<std::string>> strings, optional_strings(name));
  if (!strings) return missing(name);
  return *std::move(strings);
}

Result<std::optional<std::vector<std::string>>> JsonObject::optional_strings(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::vector{value->get<std::string>()};
  if (!value->is_array()) return wrong_type(name, "a string or a list of strings", *value);
  std::vector<std::string> strings;
  strings.reserve(value->size());
  for (const json& entry : *value) {
    if (!entry.is_string()) {
      return fail(Errc::invalid_argument,
                  fmt::format("field \"{}\" must hold strings only, but entry {} is {}", place(name),
                              strings.size(), entry.type_name()));
    }
    strings.push_back(entry.get<std::string>());
  }
  return strings;
}

Result<std::optional<JsonObject>> JsonObject::optional_object(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) return wrong_type(name, "an object", *value);
  return JsonObject(*value, place(name) + ".");
}

Result<std::vector<JsonObject>> JsonObject::required_objects(const char* name) const {
  const json* value = find(name);
  if (value == nullptr) return missing(name);
  if (!value->is_array()) return wrong_type(name, "a list of objects", *value);
  std::vector<JsonObject> objects;
  for (const json& entry : *value) {
    std::string at = fmt::format("{}[{}]", place(name), objects.size());
    if (!entry.is_object()) {
      return fail(Errc::invalid_argument,
                  fmt::format("field \"{}\" must be an object, not {}", at, entry.type_name()));
    }
    objects.push_back(JsonObject(entry, at + "."));
  }
  return objects;
}

}  // namespace kefu::gateway
