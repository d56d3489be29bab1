#include "row_edit_json.hpp"

#include "json_object.hpp"

#include <kefu/text/normalize.hpp>

#include <charconv>
#include <limits>
#include <utility>

namespace kefu::gateway {
namespace {

using kefu::v1::RowEdit;

Result<> not_empty(const char* name, const std::optional<std::string>& value) {
  if (value && text::is_blank(*value))
    return fail(Errc::invalid_argument, std::string("field \"") + name + "\" is empty");
  return {};
}

/// Those that may be emptied.
Result<> read_optional_fields(const JsonObject& object, RowEdit& edit) {
  KEFU_TRY(std::optional<std::string> category, object.optional_string("category"));
  KEFU_TRY(std::optional<std::string> url, object.optional_string("url"));
  KEFU_TRY(std::optional<std::string> title, object.optional_string("title"));
  KEFU_TRY(std::optional<std::vector<std::string>> similar, object.optional_strings("similar"));
  if (category) edit.set_category(*std::move(category));
  if (url) edit.set_url(*std::move(url));
  if (title) edit.set_title(*std::move(title));
  if (similar) {
    RowEdit::Phrasings& phrasings = *edit.mutable_similar();
    for (std::string& question : *similar) phrasings.add_questions(std::move(question));
  }
  return {};
}

Result<> read_needed_fields(const JsonObject& object, RowEdit& edit) {
  KEFU_TRY(std::optional<std::string> id, object.optional_string("id"));
  KEFU_TRY(std::optional<std::string> question, object.optional_string("question"));
  KEFU_TRY(std::optional<std::string> answer, object.optional_string("answer"));
  KEFU_TRY(std::optional<std::string> text, object.optional_string("text"));
  KEFU_CHECK(not_empty("id", id));
  KEFU_CHECK(not_empty("question", question));
  KEFU_CHECK(not_empty("answer", answer));
  KEFU_CHECK(not_empty("text", text));
  if (id) edit.set_id(*std::move(id));
  if (question) edit.set_question(*std::move(question));
  if (answer) edit.set_answer(*std::move(answer));
  if (text) edit.set_text(*std::move(text));
  return {};
}

bool is_of_faq(const RowEdit& edit) {
  return edit.has_question() || edit.has_answer() || edit.has_category() || edit.has_similar();
}
bool is_of_document(const RowEdit& edit) { return edit.has_title() || edit.has_text() || edit.has_url(); }

/// A new row is an FAQ row or a document; a change has at least one field, all of the same kind of row.
Result<> check_whole(const RowEdit& edit) {
  if (is_of_faq(edit) && is_of_document(edit)) {
    return fail(Errc::invalid_argument,
                "fields of an FAQ row (question, answer, similar, category) and of a document (title, text, "
                "url) do not go together");
  }
  if (edit.action() == RowEdit::ACTION_CHANGE) {
    if (is_of_faq(edit) || is_of_document(edit) || edit.has_id()) return {};
    return fail(Errc::invalid_argument,
                "there is nothing to change: give at least one of question, answer, similar, category, id, "
                "title, text and url");
  }
  if (edit.has_text() && edit.has_id()) return {};
  if (is_of_document(edit))
    return fail(Errc::invalid_argument,
                edit.has_text() ? "field \"id\" is missing" : "field \"text\" is missing");
  if (!edit.has_question()) return fail(Errc::invalid_argument, "field \"question\" is missing");
  if (!edit.has_answer()) return fail(Errc::invalid_argument, "field \"answer\" is missing");
  return {};
}

}  // namespace

Result<RowChange> parse_row_edit(std::string_view body, RowEdit::Action action) {
  KEFU_TRY(const JsonObject object, JsonObject::parse(body));
  KEFU_CHECK(object.allow_only(
      {"question", "answer", "similar", "category", "id", "title", "text", "url", "version"}));
  RowChange change;
  change.edit.set_action(action);
  KEFU_CHECK(read_needed_fields(object, change.edit));
  KEFU_CHECK(read_optional_fields(object, change.edit));
  KEFU_TRY(const std::optional<std::int64_t> version,
           object.optional_integer("version", 1, std::numeric_limits<std::int64_t>::max()));
  change.base_version = static_cast<std::uint64_t>(version.value_or(0));
  KEFU_CHECK(check_whole(change.edit));
  return change;
}

Result<std::uint32_t> parse_row(std::string_view row) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(row.data(), row.data() + row.size(), number);
  if (error != std::errc{} || end != row.data() + row.size() || number == 0)
    return fail(Errc::not_found, "there is no such row: rows are counted from 1");
  return number;
}

}  // namespace kefu::gateway
