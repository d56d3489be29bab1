#include <kefu/proto/passage.hpp>
#include <kefu/proto/subjects.hpp>

#include <gtest/gtest.h>

namespace kefu::proto {
namespace {

const VersionKey kVersion{.kb_incarnation = "a1b2", .generation = 3, .document = "d0c", .version = 42};

TEST(Subjects, APartOfVectorsIsTakenApartAsItWasPutTogether) {
  const auto part = parse_vectors_subject(vectors_subject(kVersion, 7));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->version, kVersion);
  EXPECT_FALSE(part->manifest);
  EXPECT_EQ(part->part, 7U);
}

TEST(Subjects, APartOfPassagesIsTakenApartAsItWasPutTogether) {
  const auto part = parse_passages_subject(passages_subject(kVersion, 7));
  ASSERT_TRUE(part);
  EXPECT_EQ(part->version, kVersion);
  EXPECT_EQ(part->part, 7U);
  EXPECT_FALSE(parse_passages_subject(vectors_subject(kVersion, 7)));
  EXPECT_FALSE(parse_passages_subject("kefu.v1.passages.a.1.d.2.m"));
}

TEST(Subjects, AManifestIsToldFromAPart) {
  const auto manifest = parse_vectors_subject(manifest_subject(kVersion));
  ASSERT_TRUE(manifest);
  EXPECT_TRUE(manifest->manifest);
  EXPECT_EQ(manifest->version, kVersion);
}

TEST(Subjects, OfRequestsHaveTheServiceThatAnswersThem) {
  for (const std::string_view subject : {kAsk, kRetrieve}) EXPECT_EQ(service_of(subject), "answer");
  for (const std::string_view subject : {kEmbed, kCountTokens, kGetModel})
    EXPECT_EQ(service_of(subject), "embedding");
  for (const std::string_view subject : {kSearch, kPutKnowledgeBase, kGetKnowledgeBase, kListKnowledgeBases,
                                         kDeleteKnowledgeBase, kListDocuments, kGetDocument})
    EXPECT_EQ(service_of(subject), "index");
  for (const std::string_view subject : {kGetJob, kListJobs, kCancelJob})
    EXPECT_EQ(service_of(subject), "ingest");
  EXPECT_EQ(service_of("kefu.v1.jobs.a1b2"), "");
}

TEST(Subjects, AServiceIsNamedInNoErrorThatItReturnedItself) {
  const Error busy{Errc::unavailable, "the model is being loaded"};
  EXPECT_EQ(name_service(busy, kEmbed), busy);
}

TEST(Subjects, AnyOtherSubjectIsRefused) {
  for (const char* subject : {"", "kefu.v1.vectors", "kefu.v1.vectors.a.1.d.2", "kefu.v1.vectors.a.1.d.2.3.4",
                              "kefu.v1.vectors.a.x.d.2.3", "kefu.v1.vectors.a.1.d.-2.3",
                              "kefu.v1.vectors.a.1.d.2.n", "kefu.v1.vectors..1.d.2.m",
                              "kefu.v1.passages.a.1.d.2.3", "kefu.v1.vectors.a.1.d.99999999999999999999.m"}) {
    EXPECT_FALSE(parse_vectors_subject(subject)) << subject;
  }
}

TEST(Passage, ATextIsEmbeddedUnderItsHeadings) {
  kefu::v1::Passage passage;
  passage.set_kind(kefu::v1::PASSAGE_KIND_TEXT);
  passage.set_text("3 个工作日内到账。");
  EXPECT_EQ(embedding_input(passage), "3 个工作日内到账。");
  passage.set_heading("退换货 > 退款时间");
  EXPECT_EQ(embedding_input(passage), "退换货 > 退款时间\n3 个工作日内到账。");
  passage.set_kind(kefu::v1::PASSAGE_KIND_FAQ);
  EXPECT_EQ(embedding_input(passage), "3 个工作日内到账。");
}

TEST(Subjects, OfAWholeVersionHaveAWildcardForTheirLastToken) {
  const VersionKey version{.kb_incarnation = "k", .generation = 2, .document = "d", .version = 7};
  EXPECT_EQ(passages_of_version(version), "kefu.v1.passages.k.2.d.7.*");
  EXPECT_EQ(vectors_of_version(version), "kefu.v1.vectors.k.2.d.7.*");
  EXPECT_EQ(passages_of_knowledge_base("k"), "kefu.v1.passages.k.>");
}

}  // namespace
}  // namespace kefu::proto
