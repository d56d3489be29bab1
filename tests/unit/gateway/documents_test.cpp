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

}  // namespace
}  // namespace kefu::gateway
