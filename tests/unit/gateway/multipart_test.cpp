#include "multipart.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

using ::testing::HasSubstr;
using Kind = MultipartParser::EventKind;

/// What came out, whatever pieces went in: "[name|filename|type]", the data, "]" at its end, "." at the end
/// of all.
struct Form {
  std::string text;
  std::string error;

  static Form of(const std::vector<std::string>& pieces, const std::string& boundary = "b") {
    Form form;
    MultipartParser parser(boundary);
    for (const std::string& piece : pieces) {
      const auto events = parser.feed(piece);
      if (!events) {
        form.error = events.error().message;
        return form;
      }
      for (const auto& event : *events) form.add(event);
    }
    if (const auto finished = parser.finish(); !finished) form.error = finished.error().message;
    return form;
  }
  void add(const MultipartParser::Event& event) {
    if (event.kind == Kind::part)
      text += "[" + event.part.name + "|" + event.part.filename.value_or("-") + "|" +
              event.part.content_type + "|";
    if (event.kind == Kind::data) text += event.data;
    if (event.kind == Kind::part_end) text += "]";
    if (event.kind == Kind::end) text += ".";
  }
};

const std::string kForm =
    "preamble\r\n--b\r\n"
    "Content-Disposition: form-data; name=\"file\"; filename=\"退货.csv\"\r\n"
    "Content-Type: text/csv; charset=gbk\r\n\r\n"
    "q,a\r\n--bored\r\n--\r\n-b\r\r\n--b \t\r\n"
    "content-disposition: form-data; name=n\r\n\r\n"
    "\r\n--b--\r\nepilogue";
const std::string kParsed = "[file|退货.csv|text/csv; charset=gbk|q,a\r\n--bored\r\n--\r\n-b\r][n|-||].";

TEST(Multipart, IsTheSameWhereverItIsCut) {
  EXPECT_EQ(Form::of({kForm}).text, kParsed);
  for (std::size_t cut = 0; cut <= kForm.size(); ++cut) {
    const Form form = Form::of({kForm.substr(0, cut), kForm.substr(cut)});
    EXPECT_EQ(form.text, kParsed) << cut;
    EXPECT_EQ(form.error, "");
  }
  std::vector<std::string> bytes;
  for (const char byte : kForm) bytes.emplace_back(1, byte);
  EXPECT_EQ(Form::of(bytes).text, kParsed);
}

TEST(Multipart, ThatEndsEarlyIsAnErrorWhereverItEnds) {
  const std::size_t end = kForm.find("--b--") + 5;
  for (std::size_t cut = 0; cut < end; ++cut)
    EXPECT_THAT(Form::of({kForm.substr(0, cut)}).error, HasSubstr("ends before")) << cut;
  EXPECT_EQ(Form::of({kForm.substr(0, end)}).error, "");
}

TEST(Multipart, MayBeginWithItsBoundaryAndHoldNothing) {
  EXPECT_EQ(Form::of({"--b--"}).text, ".");
  EXPECT_EQ(Form::of({"--b\r\nContent-Disposition: form-data; name=f; filename=a\r\n\r\nx\r\n--b--"}).text,
            "[f|a||x].");
}

TEST(Multipart, ReadsTheFilenamesOfBrowsersAndTools) {
  const struct {
    const char* disposition;
    const char* filename;
  } cases[]{
      {R"(form-data; name="f"; filename="a%22b%22.csv")", "a\"b\".csv"},
      {R"(form-data; name="f"; filename="a\"b\\c.csv")", "a\"b\\c.csv"},
      {R"(form-data; name="f"; filename="C:\dir\a;b.csv")", R"(C:\dir\a;b.csv)"},
      {R"(form-data; name="f"; filename="100%.csv")", "100%.csv"},
      {R"(form-data; name="f"; filename="%E9.csv")", "%E9.csv"},
      {R"(form-data; name="f"; filename=plain.csv)", "plain.csv"},
      {R"(form-data; name="f"; filename="x"; filename*=UTF-8''%E9%80%80%22.csv)", "退\".csv"},
      {R"(form-data; name="f"; filename*=utf-8'zh'a.csv; filename="x")", "a.csv"},
      {R"(FORM-DATA ; NAME = "f" ; FILENAME = "a.csv")", "a.csv"},
      {R"(form-data; name="f"; filename="")", ""},
  };
  for (const auto& [disposition, filename] : cases) {
    const auto part = parse_part_head(fmt::format("Content-Disposition: {}", disposition));
    ASSERT_TRUE(part) << disposition << part.error().message;
    EXPECT_EQ(part->filename, filename) << disposition;
    EXPECT_EQ(part->name, "f");
  }
}

TEST(Multipart, RefusesHeadsThatItCannotRead) {
  for (const char* head :
       {"", "Content-Type: text/csv", "Content-Disposition: attachment; name=f",
        "Content-Disposition: form-data", "Content-Disposition: form-data; name=f\r\n folded", "no colon",
        "Content-Disposition: form-data; name=f; filename*=gbk''a",
        "Content-Disposition: form-data; name=f; filename*=a",
        "Content-Disposition: form-data; name=\"\xFF\""}) {
    const auto part = parse_part_head(head);
    ASSERT_FALSE(part) << head;
    EXPECT_EQ(part.error().code, Errc::invalid_argument) << head;
  }
  const auto encoded =
      parse_part_head("Content-Disposition: form-data; name=f\r\nContent-Transfer-Encoding: base64");
  EXPECT_EQ(encoded.error().code, Errc::unsupported_media);
}

TEST(Multipart, KeepsNoMoreThanItsLimits) {
  const std::string disposition = "Content-Disposition: form-data; name=f\r\n";
  EXPECT_THAT(Form::of({"--b\r\n" + disposition + "X: " + std::string(9000, 'x')}).error, HasSubstr("8192"));
  EXPECT_THAT(Form::of({std::string(5000, 'x')}).error, HasSubstr("too much text"));
  EXPECT_THAT(Form::of({"--b--", std::string(5000, 'x')}).error, HasSubstr("too much text"));
  EXPECT_EQ(Form::of({"--b\r\n" + disposition + "\r\n", std::string(100000, ' '), "\r\n--b--"}).error, "");
}

TEST(Multipart, TakesItsBoundaryFromTheContentType) {
  EXPECT_EQ(*multipart_boundary("multipart/form-data; boundary=----WebKitFormBoundaryAbC"),
            "----WebKitFormBoundaryAbC");
  EXPECT_EQ(*multipart_boundary("multipart/form-data; charset=utf-8; BOUNDARY=\"a b'c\""), "a b'c");
  for (const std::string type :
       {"multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=\"a\r\nb\"",
        "multipart/form-data; boundary=a*b"}) {
    EXPECT_EQ(multipart_boundary(type).error().code, Errc::invalid_argument) << type;
  }
  EXPECT_FALSE(multipart_boundary("multipart/form-data; boundary=" + std::string(71, 'a')));
}

}  // namespace
}  // namespace kefu::gateway
