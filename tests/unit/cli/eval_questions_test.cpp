#include "measure/eval_questions.hpp"

#include <kefu/testing/process.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace kefu::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;

TEST(EvalQuestion, HasWhatItsLineSays) {
  const auto question = parse_eval_question(
      R"({"question":"运费谁出?","documents":["R03","b"],"answers":["您承担"],"answerable":true})");
  ASSERT_TRUE(question);
  EXPECT_EQ(question->question, "运费谁出?");
  EXPECT_THAT(question->documents, ElementsAre("R03", "b"));
  EXPECT_THAT(question->answers, ElementsAre("您承担"));
  EXPECT_EQ(question->answerable, true);
}

TEST(EvalQuestion, IsAnswerableWhereSomethingIsExpected) {
  EXPECT_EQ(parse_eval_question(R"({"question":"q","documents":["a"]})")->answerable, true);
  EXPECT_EQ(parse_eval_question(R"({"question":"q","answers":["a"]})")->answerable, true);
  EXPECT_EQ(parse_eval_question(R"({"question":"q"})")->answerable, std::nullopt);
  EXPECT_EQ(parse_eval_question(R"({"question":"q","documents":["a"],"answerable":false})")->answerable,
            false);
}

TEST(EvalQuestion, NamesTheFieldThatIsWrong) {
  const auto error = [](const char* line) { return parse_eval_question(line).error().message; };
  EXPECT_EQ(error("{"), "the line is not a JSON object");
  EXPECT_EQ(error("[]"), "the line is not a JSON object");
  EXPECT_EQ(error("{}"), "field \"question\" is missing");
  EXPECT_EQ(error(R"({"question":1})"), "field \"question\" must be a string");
  EXPECT_EQ(error(R"({"question":" "})"), "field \"question\" is empty");
  EXPECT_EQ(error(R"({"question":"q","documents":"a"})"), "field \"documents\" must be a list of strings");
  EXPECT_EQ(error(R"({"question":"q","answers":[1]})"), "field \"answers\" must be a list of strings");
  EXPECT_EQ(error(R"({"question":"q","answers":[""]})"), "field \"answers\" holds an empty string");
  EXPECT_EQ(error(R"({"question":"q","answerable":"no"})"), "field \"answerable\" must be true or false");
  EXPECT_THAT(error(R"({"question":"q","document":["a"]})"), HasSubstr("field \"document\" is not known"));
}

class EvalFiles : public ::testing::Test {
 protected:
  std::string file(const std::string& name, const std::string& content) {
    const auto path = folder_.path() / name;
    std::ofstream(path) << content;
    return path.string();
  }
  testing::TemporaryDirectory folder_;
};

TEST_F(EvalFiles, AreReadLineByLineAndEveryBadLineIsNamed) {
  const auto read = read_eval_file(
      file("q.jsonl", "\xEF\xBB\xBF{\"question\":\"a\"}\r\n\n{\"question\":\"b\"}\n{\"question\":2}\nx\n"));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->questions.size(), 2U);
  EXPECT_EQ(read->questions[1].line, 3U);
  EXPECT_THAT(read->errors, ElementsAre(EndsWith("q.jsonl, line 4: field \"question\" must be a string"),
                                        EndsWith("q.jsonl, line 5: the line is not a JSON object")));
}

TEST_F(EvalFiles, ThatCannotBeReadAreAnError) {
  EXPECT_EQ(read_eval_file("/nowhere/q.jsonl").error().code, Errc::not_found);
  EXPECT_EQ(read_eval_file(folder_.path().string()).error().code, Errc::not_found);
}

TEST_F(EvalFiles, GivePlainQuestionsByTheirEnding) {
  EXPECT_THAT(*read_plain_questions(file("q.txt", "运费谁出?\n\nb\n")), ElementsAre("运费谁出?", "b"));
  EXPECT_THAT(*read_plain_questions(file("q.jsonl", "{\"question\":\"a\"}\n")), ElementsAre("a"));
  EXPECT_FALSE(read_plain_questions(file("empty.txt", "\n")));
  EXPECT_FALSE(read_plain_questions(file("bad.jsonl", "{}\n")));
}

TEST(ContainsAny, LooksPastWidthCaseAndSpaces) {
  EXPECT_TRUE(contains_any("请在７ 天内寄回。", {"7天内"}));
  EXPECT_TRUE(contains_any("Returned within SEVEN  days.", {"x", "seven days"}));
  EXPECT_TRUE(contains_any("運費由您承擔", {"运费由您承担"}));
  EXPECT_FALSE(contains_any("请在 7 天内寄回", {"15 天"}));
  EXPECT_FALSE(contains_any("", {"a"}));
  EXPECT_FALSE(contains_any("abc", {"?!"}));
  EXPECT_TRUE(contains_any("what?!", {"?!"}));
}

}  // namespace
}  // namespace kefu::cli
