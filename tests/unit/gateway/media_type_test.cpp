#include "media_type.hpp"

#include <gtest/gtest.h>

namespace kefu::gateway {
namespace {

TEST(MediaType, IsTakenApartWithItsParameters) {
  const MediaType type = parse_media_type(R"( Text/CSV ; Charset="g\"b\\k;" ; header = present;;x)");
  EXPECT_EQ(type.type, "text/csv");
  ASSERT_NE(type.find("charset"), nullptr);
  EXPECT_EQ(*type.find("charset"), "g\"b\\k;");
  EXPECT_EQ(*type.find("header"), "present");
  EXPECT_EQ(*type.find("x"), "");
  EXPECT_EQ(type.find("y"), nullptr);
  EXPECT_EQ(parse_media_type("").type, "");
  EXPECT_EQ(*parse_media_type("a/b; c=\"unended").find("c"), "unended");
}

TEST(DocumentType, IsTheOneSent) {
  EXPECT_EQ(*document_type("text/csv; charset=utf-8", "a.md"), "text/csv; charset=utf-8");
  EXPECT_EQ(*document_type("Application/X-NDJSON", "a"), "application/x-ndjson");
  EXPECT_EQ(*document_type("application/jsonl", "a"), "application/jsonl");
}

TEST(DocumentType, ComesFromTheExtensionForBytesOfUnknownKind) {
  EXPECT_EQ(*document_type("application/octet-stream", "退货.MD"), "text/markdown");
  EXPECT_EQ(*document_type("application/octet-stream", "a.b.ndjson"), "application/x-ndjson");
  EXPECT_EQ(*document_type("application/vnd.ms-excel", "a.csv"), "text/csv");
  EXPECT_EQ(*document_type("", "a.txt"), "text/plain");
  EXPECT_EQ(document_type("application/octet-stream", "a.pdf").error().code, Errc::unsupported_media);
  EXPECT_EQ(document_type("application/octet-stream", "csv").error().code, Errc::unsupported_media);
  EXPECT_EQ(document_type("application/vnd.ms-excel", "a.xls").error().code, Errc::unsupported_media);
}

TEST(DocumentType, IsRefusedWhenItIsNoneOfThose) {
  for (const char* type :
       {"application/json", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"}) {
    EXPECT_EQ(document_type(type, "a.csv").error().code, Errc::unsupported_media) << type;
  }
}

TEST(DocumentType, KeepsTheCharsetsThatIngestReads) {
  EXPECT_EQ(*document_type("text/csv;charset=\"GB18030\"", "a"), "text/csv; charset=gb18030");
  EXPECT_EQ(*document_type("application/octet-stream; charset=utf-16le", "a.txt"),
            "text/plain; charset=utf-16le");
  EXPECT_EQ(*document_type("text/csv; header=gbk; CHARSET=\"UTF-8\"", "a"), "text/csv; charset=utf-8");
  EXPECT_EQ(*document_type("text/csv; charset = big5", "a"), "text/csv; charset=big5");
  for (const char* type : {"text/csv; header=present ; charset = latin1", "text/csv; charset=",
                           "text/csv; charset=utf-8; charset=latin1", "text/csv; charset"}) {
    const auto refused = document_type(type, "a");
    ASSERT_FALSE(refused) << type;
    EXPECT_EQ(refused.error().code, Errc::unsupported_media);
  }
}

TEST(Compression, IsRefused) {
  EXPECT_TRUE(check_not_compressed({{"content-encoding", "Identity"}}));
  EXPECT_TRUE(check_not_compressed({{"Content-Encoding", ""}}));
  for (const char* encoding : {"gzip", "br", "identity, gzip"}) {
    EXPECT_FALSE(check_not_compressed({{"Content-Encoding", "identity"}, {"content-encoding", encoding}}))
        << encoding;
  }
}

}  // namespace
}  // namespace kefu::gateway
