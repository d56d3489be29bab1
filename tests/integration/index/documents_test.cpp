#include "index_service_fixture.hpp"
#include "kefu/v1/document.pb.h"

#include <gmock/gmock.h>

#include <utility>

namespace kefu::index {
namespace {

using namespace kefu::index::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class BackendType>
class DocumentsTest : public IndexServiceTest<BackendType> {
 protected:
  DocumentsTest() {
    kefu::v1::PutKnowledgeBaseRequest put;
    put.set_name("商店");
    const auto made =
        this->client_.template ask<kefu::v1::PutKnowledgeBaseResponse>(proto::kPutKnowledgeBase, put);
    EXPECT_TRUE(made);
    if (made) incarnation_ = made->knowledge_base().incarnation();
  }

  /// Returns when it can be found.
  void import(const std::string& document, std::uint64_t version, std::vector<std::vector<std::string>> parts,
              kefu::v1::Manifest about = {}) {
    auto made = document_version(document, version, std::move(parts), incarnation_);
    made.about = std::move(about);
    const auto sequence = this->client_.publish(made);
    EXPECT_TRUE(this->client_.search("word", incarnation_, sequence));
  }
  Result<kefu::v1::ListDocumentsResponse> list(const std::string& after = {}, std::uint32_t limit = 0,
                                               const std::string& kb = "商店") {
    kefu::v1::ListDocumentsRequest request;
    request.set_kb_name(kb);
    request.set_after(after);
    request.set_limit(limit);
    return this->client_.template ask<kefu::v1::ListDocumentsResponse>(proto::kListDocuments, request);
  }
  std::vector<std::string> names(const std::string& after = {}, std::uint32_t limit = 0) {
    std::vector<std::string> all;
    const auto response = list(after, limit);
    EXPECT_TRUE(response) << response.error().message;
    if (!response) return all;
    for (const auto& document : response->documents()) all.push_back(document.filename());
    if (response->more()) all.emplace_back("more");
    return all;
  }
  Result<kefu::v1::GetDocumentResponse> get(const std::string& filename, std::uint32_t first = 0,
                                            std::uint32_t limit = 0, const std::string& kb = "商店") {
    kefu::v1::GetDocumentRequest request;
    request.set_kb_name(kb);
    request.set_filename(filename);
    request.set_first_passage(first);
    request.set_passage_limit(limit);
    return this->client_.template ask<kefu::v1::GetDocumentResponse>(proto::kGetDocument, request);
  }
  std::vector<std::string> texts(std::uint32_t first, std::uint32_t limit) {
    std::vector<std::string> all;
    const auto response = get("a.md", first, limit);
    EXPECT_TRUE(response) << response.error().message;
    if (!response) return all;
    for (const auto& passage : response->passages()) all.push_back(passage.text());
    if (response->more()) all.emplace_back("more");
    return all;
  }

  std::unique_ptr<RunningIndex> index_ = this->started_and_ready();
  std::string incarnation_;
};
TYPED_TEST_SUITE(DocumentsTest, Backends, BackendNames);

TYPED_TEST(DocumentsTest, ListsWhatIsVisibleByFilenamePageByPage) {
  EXPECT_THAT(this->names(), ElementsAre());
  for (const std::string name : {"c", "a", "b", "中"}) this->import(name, 1, {{"word"}});
  this->client_.publish(document_version("other", 1, {{"word"}}, "another"));
  EXPECT_THAT(this->names(), ElementsAre("a.md", "b.md", "c.md", "中.md"));
  EXPECT_THAT(this->names("", 2), ElementsAre("a.md", "b.md", "more"));
  EXPECT_THAT(this->names("b.md", 2), ElementsAre("c.md", "中.md"));
  EXPECT_THAT(this->names("b", 1), ElementsAre("b.md", "more"));
  this->import("b", 2, {});
  EXPECT_THAT(this->names(), ElementsAre("a.md", "c.md", "中.md"));
}

TYPED_TEST(DocumentsTest, TellsOfADocumentWhatItsManifestSays) {
  kefu::v1::Manifest about;
  about.set_rows(2);
  about.set_content_type("text/csv");
  about.set_file_bytes(123);
  about.set_file_sha256("abc");
  about.set_created_unix_ms(1'700'000'000'000);
  this->import("a", 5, {{"one", "two"}, {"three"}}, about);
  this->import("b", 6, {{"of a manifest that says nothing"}});
  const auto response = this->list();
  ASSERT_TRUE(response);
  ASSERT_EQ(response->documents_size(), 2);
  const auto& a = response->documents(0);
  EXPECT_EQ(a.version(), 5U);
  EXPECT_EQ(a.passages(), 3U);
  EXPECT_EQ(a.rows(), 2U);
  EXPECT_EQ(a.content_type(), "text/csv");
  EXPECT_EQ(a.file_bytes(), 123U);
  EXPECT_EQ(a.file_sha256(), "abc");
  EXPECT_EQ(a.created_unix_ms(), 1'700'000'000'000);
  const auto got = this->get("a.md");
  ASSERT_TRUE(got);
  EXPECT_EQ(got->document().SerializeAsString(), a.SerializeAsString());
  const auto& b = response->documents(1);
  EXPECT_EQ(b.passages(), 1U);
  EXPECT_EQ(b.rows(), 0U);
  EXPECT_EQ(b.file_sha256(), "");
}

TYPED_TEST(DocumentsTest, GivesPassagesFromAnOrdinalOn) {
  this->import("a", 1, {{"1", "2", "3"}, {"101", "102"}, {"201"}});  // each text is its ordinal
  EXPECT_THAT(this->texts(0, 0), ElementsAre("1", "2", "3", "101", "102", "201"));
  EXPECT_THAT(this->texts(0, 2), ElementsAre("1", "2", "more"));
  EXPECT_THAT(this->texts(3, 2), ElementsAre("3", "101", "more"));
  EXPECT_THAT(this->texts(102, 2), ElementsAre("102", "201"));
  EXPECT_THAT(this->texts(50, 1), ElementsAre("101", "more"));
  EXPECT_THAT(this->texts(202, 1), ElementsAre());
  this->import("a", 2, {{"new"}});
  EXPECT_THAT(this->texts(0, 0), ElementsAre("new"));
}

TYPED_TEST(DocumentsTest, KeepsItsRepliesSmallEnoughForTheBus) {
  std::vector<std::vector<std::string>> parts;
  for (char part = 'a'; part < 'd'; ++part)
    parts.push_back({std::string(400'000, part), std::string(400'000, part)});
  parts.push_back({std::string(1'000'000, 'z')});
  this->import("a", 1, std::move(parts));
  std::string read;
  for (std::uint32_t first = 0, pages = 0; pages < 10; ++pages) {
    const auto response = this->get("a.md", first);
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_GT(response->passages_size(), 0);
    for (const auto& passage : response->passages()) {
      read += passage.text().front();
      first = passage.ordinal() + 1;
    }
    if (!response->more()) break;
  }
  EXPECT_EQ(read, "aabbccz");
}

TYPED_TEST(DocumentsTest, NamesWhatIsNotThere) {
  this->import("a", 1, {{"word"}});
  EXPECT_EQ(this->list("", 0, "nothing").error().code, Errc::not_found);
  EXPECT_THAT(this->list("", 0, "nothing").error().message, HasSubstr("nothing"));
  EXPECT_EQ(this->get("a.md", 0, 0, "nothing").error().code, Errc::not_found);
  EXPECT_EQ(this->get("b.md").error().code, Errc::not_found);
  EXPECT_THAT(this->get("b.md").error().message, HasSubstr("b.md"));
  this->import("a", 2, {});
  EXPECT_EQ(this->get("a.md").error().code, Errc::not_found);
}

TYPED_TEST(DocumentsTest, RefusesPagesThatAreTooLarge) {
  EXPECT_TRUE(this->list("", 1000));
  EXPECT_EQ(this->list("", 1001).error().code, Errc::invalid_argument);
  EXPECT_EQ(this->get("a.md", 0, 501).error().code, Errc::invalid_argument);
  EXPECT_EQ(this->get("").error().code, Errc::invalid_argument);
}

TYPED_TEST(DocumentsTest, KnowsThemAfterARestartAndARebuild) {
  this->import("a", 1, {{"one"}, {"two"}});
  this->index_.reset();
  this->index_ = this->started_and_ready();
  EXPECT_THAT(this->texts(0, 0), ElementsAre("one", "two"));
  this->index_.reset();
  std::filesystem::remove_all(this->disk("one"));
  this->index_ = this->started_and_ready();
  EXPECT_THAT(this->names(), ElementsAre("a.md"));
}

}  // namespace
}  // namespace kefu::index
