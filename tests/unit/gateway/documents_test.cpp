#include "documents.hpp"

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

TEST(DocumentType, IsTheOneSentWithoutItsParameters) {
  EXPECT_EQ(*document_type("text/csv; charset=utf-8", "a.md"), "text/csv");
  EXPECT_EQ(*document_type("Application/X-NDJSON", "a"), "application/x-ndjson");
  EXPECT_EQ(*document_type("application/jsonl", "a"), "application/jsonl");
}

TEST(DocumentType, ComesFromTheExtensionForBytesOfUnknownKind) {
  EXPECT_EQ(*document_type("application/octet-stream", "退货.MD"), "text/markdown");
  EXPECT_EQ(*document_type("application/octet-stream", "a.b.ndjson"), "application/x-ndjson");
  EXPECT_EQ(document_type("application/octet-stream", "a.pdf").error().code, Errc::unsupported_media);
  EXPECT_EQ(document_type("application/octet-stream", "csv").error().code, Errc::unsupported_media);
}

TEST(DocumentType, IsRefusedWhenItIsNoneOfThose) {
  for (const char* type :
       {"", "application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(document_type(type, "a.csv").error().code, Errc::unsupported_media) << type;
  }
}

TEST(Encoding, IsUtf8OrNotTold) {
  for (const char* type : {"text/csv", "text/csv;", "text/csv; charset=utf-8", "text/csv;CHARSET=\"UTF-8\"",
                           "text/csv; header=present; charset=utf8", "text/csv; header=gbk", ""}) {
    EXPECT_TRUE(check_encoding({{"Content-Type", type}})) << type;
  }
  for (const char* type :
       {"text/csv; charset=gbk", "text/csv;charset=\"GB18030\"", "text/csv; header=present ; charset = big5",
        "text/csv; charset=utf-8; charset=gbk", "text/csv; charset=", "text/csv; charset"}) {
    const auto checked = check_encoding({{"Content-Type", type}});
    ASSERT_FALSE(checked) << type;
    EXPECT_EQ(checked.error().code, Errc::unsupported_media);
  }
}

TEST(Encoding, OfTheContentIsRefusedUnlessItIsNone) {
  EXPECT_TRUE(check_encoding({{"content-encoding", "Identity"}}));
  EXPECT_TRUE(check_encoding({{"Content-Encoding", ""}}));
  for (const char* encoding : {"gzip", "br", "identity, gzip"}) {
    EXPECT_FALSE(check_encoding({{"Content-Encoding", "identity"}, {"content-encoding", encoding}}))
        << encoding;
  }
}

}  // namespace
}  // namespace kefu::gateway
