#include "row_edit_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using kefu::v1::RowEdit;
using ::testing::HasSubstr;

std::string refusal(const char* body, RowEdit::Action action) {
  const auto change = parse_row_edit(body, action);
  return change ? "" : change.error().message;
}

TEST(RowEdit, ReadsTheFieldsThatChangeAndNoOthers) {
  const auto change = parse_row_edit(R"({"answer":"A","similar":["x","y"],"category":"","version":7})",
                                     RowEdit::ACTION_CHANGE);
  ASSERT_TRUE(change) << change.error().message;
  EXPECT_EQ(change->edit.action(), RowEdit::ACTION_CHANGE);
  EXPECT_EQ(change->edit.answer(), "A");
  EXPECT_EQ(change->edit.similar().questions_size(), 2);
  EXPECT_TRUE(change->edit.has_category());
  EXPECT_FALSE(change->edit.has_question());
  EXPECT_EQ(change->base_version, 7U);
  EXPECT_TRUE(parse_row_edit(R"({"similar":[]})", RowEdit::ACTION_CHANGE)->edit.has_similar());
  EXPECT_TRUE(parse_row_edit(R"({"id":"a","title":"t","text":"x","url":"u"})", RowEdit::ACTION_APPEND));
  EXPECT_TRUE(parse_row_edit(R"({"question":"q","answer":"a"})", RowEdit::ACTION_APPEND));
}

TEST(RowEdit, NamesWhatIsWrong) {
  const struct {
    const char* body;
    RowEdit::Action action;
    const char* message;
  } cases[]{
      {"{}", RowEdit::ACTION_CHANGE, "nothing to change"},
      {R"({"version":1})", RowEdit::ACTION_CHANGE, "nothing to change"},
      {R"({"answer":" "})", RowEdit::ACTION_CHANGE, "\"answer\" is empty"},
      {R"({"answer":"\u200B\u3000"})", RowEdit::ACTION_CHANGE, "\"answer\" is empty"},
      {R"({"text":"\u00AD\uFEFF"})", RowEdit::ACTION_CHANGE, "\"text\" is empty"},
      {R"({"question":""})", RowEdit::ACTION_CHANGE, "\"question\" is empty"},
      {R"({"answer":1})", RowEdit::ACTION_CHANGE, "\"answer\" must be a string"},
      {R"({"similar":[1]})", RowEdit::ACTION_CHANGE, "\"similar\" must hold strings"},
      {R"({"answer":"a","text":"t"})", RowEdit::ACTION_CHANGE, "do not go together"},
      {R"({"answer":"a","version":0})", RowEdit::ACTION_CHANGE, "\"version\""},
      {R"({"row":1,"answer":"a"})", RowEdit::ACTION_CHANGE, "unknown field \"row\""},
      {R"({"question":"q"})", RowEdit::ACTION_APPEND, "\"answer\" is missing"},
      {R"({"answer":"a"})", RowEdit::ACTION_APPEND, "\"question\" is missing"},
      {R"({"title":"t","id":"i"})", RowEdit::ACTION_APPEND, "\"text\" is missing"},
      {R"({"text":"t"})", RowEdit::ACTION_APPEND, "\"id\" is missing"},
  };
  for (const auto& [body, action, message] : cases)
    EXPECT_THAT(refusal(body, action), HasSubstr(message)) << body;
}

TEST(RowEdit, CountsRowsFromOne) {
  EXPECT_EQ(*parse_row("12"), 12U);
  for (const char* row : {"0", "-1", "1x", "", "4294967296"})
    EXPECT_EQ(parse_row(row).error().code, Errc::not_found) << row;
}

}  // namespace
}  // namespace kefu::gateway
