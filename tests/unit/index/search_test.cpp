#include "fusion.hpp"
#include "messages.hpp"
#include "passages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace kefu::index {
namespace {

using namespace kefu::index::testing;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

std::vector<std::string> texts(const SearchOutcome& outcome) {
  std::vector<std::string> all;
  for (const kefu::v1::Hit& hit : outcome.hits) all.push_back(hit.passage().text());
  return all;
}

SearchOutcome ask(const Collection& collection, std::string question, std::vector<float> vector = {},
                  std::size_t top_k = 5, const std::string& model = "m1") {
  const SearchQuery query{"kb", 1, std::move(question), std::move(vector), model, top_k};
  return search(*collection.snapshot(), query, {});
}

TEST(Search, FindsTheNearestVectorsThoughItRoundsThem) {
  std::mt19937 random(4);
  Collection collection;
  std::vector<std::pair<std::string, std::vector<float>>> all;
  for (int d = 0; d < 150; ++d) {
    std::vector<IndexedPassage> passages;
    for (std::uint32_t i = 0; i < 20; ++i) {
      const auto name = std::to_string(d) + "/" + std::to_string(i);
      all.emplace_back(name, random_unit(random, 96));
      passages.push_back(text(i, name, all.back().second));
    }
    apply(collection, document("d" + std::to_string(d), std::move(passages)));
  }
  for (int q = 0; q < 30; ++q) {
    const auto question = random_unit(random, 96);
    std::vector<std::pair<float, std::string>> ranking;
    for (const auto& [name, vector] : all) ranking.emplace_back(-dot(question, vector), name);
    std::ranges::sort(ranking);
    const auto outcome = ask(collection, "", question, 10);
    std::vector<std::string> expected;
    for (std::size_t i = 0; i < 10; ++i) expected.push_back(ranking[i].second);
    EXPECT_EQ(texts(outcome), expected);
    EXPECT_FLOAT_EQ(outcome.hits[0].dense(), -ranking[0].first);
  }
}

TEST(Search, TellsHowTheCosinesAreSpread) {
  Collection collection;
  apply(collection, document("a", {text(0, "x", {1, 0}), text(1, "y", {0, 1})}));
  apply(collection, document("b", {text(0, "gone", {-1, 0})}));
  apply(collection, document("b", {}));
  const auto outcome = ask(collection, "", {1, 0});
  EXPECT_NEAR(outcome.background.mean(), 0.5F, 0.01F);
  EXPECT_NEAR(outcome.background.deviation(), 0.5F, 0.01F);
  EXPECT_EQ(outcome.background.passages(), 2U);
}

TEST(Search, FindsChineseAndEnglishByTheirWords) {
  Collection collection;
  apply(collection, document("zh", {text(0, "退货的运费由谁承担"), text(1, "会员积分如何使用")}));
  apply(collection,
        document("en", {text(0, "How to change the delivery address"), text(1, "Opening hours of stores")}));
  EXPECT_EQ(texts(ask(collection, "运费谁出?")).at(0), "退货的运费由谁承担");
  EXPECT_EQ(texts(ask(collection, "积分")).at(0), "会员积分如何使用");
  EXPECT_EQ(texts(ask(collection, "delivery ADDRESSES")).at(0), "How to change the delivery address");
  EXPECT_TRUE(ask(collection, "火星").hits.empty());
  EXPECT_TRUE(ask(collection, "。？！").hits.empty());
}

TEST(Search, FindsAPassageByItsHeadingAndTitle) {
  Collection collection;
  auto passage = text(0, "七天之内");
  passage.passage.set_heading("退换货 > 退款时间");
  passage.passage.set_title("售后手册");
  apply(collection, document("a", {passage, text(1, "其他内容")}));
  EXPECT_THAT(texts(ask(collection, "退款时间")), ElementsAre("七天之内"));
  EXPECT_THAT(texts(ask(collection, "售后手册")), ElementsAre("七天之内"));
}

TEST(Search, RanksRareTermsAboveCommonOnes) {
  Collection collection;
  std::vector<IndexedPassage> passages;
  for (std::uint32_t i = 0; i < 20; ++i) passages.push_back(text(i, "order number " + std::to_string(i)));
  passages.push_back(text(20, "voucher number"));
  apply(collection, document("a", std::move(passages)));
  EXPECT_EQ(texts(ask(collection, "order voucher")).at(0), "voucher number");
}

TEST(Search, FusesWhatBothRankingsFind) {
  Collection collection;
  apply(collection, document("a", {text(0, "alpha", {1, 0})}));
  apply(collection, document("b", {text(0, "beta", {0.8F, 0.6F})}));
  apply(collection, document("c", {text(0, "gamma", {0, 1})}));
  const auto outcome = ask(collection, "beta", {1, 0});
  EXPECT_EQ(texts(outcome).at(0), "beta");
  const float low = outcome.background.mean() - 3 * outcome.background.deviation();
  EXPECT_NEAR(outcome.hits[0].fused(), (0.7F + (0.8F - low) / (1 - low)) / 1.7F, 1e-6);
  EXPECT_NEAR(outcome.hits[1].fused(), 1 / 1.7F, 1e-6);
  EXPECT_GT(outcome.hits[0].lexical(), 0.0F);
  EXPECT_NEAR(outcome.hits[0].dense(), 0.8F, 1e-6);
  EXPECT_EQ(outcome.hits[1].lexical(), 0.0F);
  EXPECT_FALSE(outcome.lexical_only);
}

TEST(Search, LetsAllOfADocumentSupportItsPassages) {
  Collection collection;
  apply(collection, document("a", {text(0, "refund of an order"), text(1, "opening hours of shops")}));
  apply(collection, document("b", {text(0, "refund of an order"), text(1, "vouchers by post")}));
  EXPECT_EQ(ask(collection, "refund vouchers").hits.size(), 3U);
  const auto outcome = ask(collection, "refund after vouchers");
  std::vector<std::string> refunds;
  for (const auto& hit : outcome.hits)
    if (hit.passage().ordinal() == 0) refunds.push_back(hit.filename());
  EXPECT_THAT(refunds, ElementsAre("b.md", "a.md"));
  EXPECT_EQ(outcome.hits[1].lexical(), outcome.hits[2].lexical());  // the passage's own
}

TEST(Search, KeepsTheDocumentsOfOneFileApart) {
  Collection collection;
  std::vector<IndexedPassage> passages;
  for (std::uint32_t row = 1; row <= 2; ++row) {
    for (std::uint32_t i = 0; i < 2; ++i) {
      passages.push_back(text(passages.size(), i == 0     ? "refund of an order"
                                               : row == 1 ? "shop"
                                                          : "voucher"));
      passages.back().passage.set_row(row);
      passages.back().passage.set_document_id("row" + std::to_string(row));
    }
  }
  apply(collection, document("rows", std::move(passages)));
  EXPECT_EQ(collection.snapshot()->units, 2U);
  const auto outcome = ask(collection, "refund voucher");
  ASSERT_EQ(outcome.hits.size(), 3U);
  EXPECT_EQ(outcome.hits[0].passage().document_id(), "row2");
  EXPECT_EQ(outcome.hits[1].passage().document_id(), "row2");
}

TEST(Search, BringsItsScoresTogetherBetween0And1) {
  std::mt19937 random(6);
  Collection collection;
  for (int d = 0; d < 30; ++d) {
    apply(collection,
          document(std::to_string(d), {text(0, d % 2 == 0 ? "red shoe" : "blue coat", random_unit(random, 4)),
                                       text(1, "shoe", random_unit(random, 4))}));
  }
  for (const std::string question : {"shoe", "", "nothing of it"}) {
    for (const auto& vector : {random_unit(random, 4), std::vector<float>{}}) {
      float last = 1;
      for (const auto& hit : ask(collection, question, vector, 100).hits) {
        EXPECT_LE(hit.fused(), last);
        EXPECT_GE(hit.fused(), 0.0F);
        last = hit.fused();
      }
    }
  }
}

TEST(Search, FindsOnlyWhatTheFilterAdmits) {
  Collection collection;
  auto returns = faq(0, 1, "怎么退货", "七天内", {1, 0});
  returns.passage.set_category("售后");
  returns.passage.set_document_id("R01");
  apply(collection, document("faq", {returns, faq(1, 2, "退货运费", "买家", {0.9F, std::sqrt(0.19F)})}));
  apply(collection, document("book", {text(0, "退货说明", {0.8F, 0.6F}), text(1, "退货地址", {0, 1})}));
  const auto filtered = [&](auto set) {
    SearchQuery query{"kb", 1, "退货", {1, 0}, "m1", 10};
    set(query.filter);
    return search(*collection.snapshot(), query, {});
  };
  using Filter = kefu::v1::SearchFilter;
  EXPECT_EQ(texts(filtered([](Filter&) {})).size(), 4U);
  EXPECT_THAT(texts(filtered([](Filter& f) { f.add_kinds(kefu::v1::PASSAGE_KIND_TEXT); })),
              ElementsAre("退货说明", "退货地址"));
  EXPECT_THAT(texts(filtered([](Filter& f) { f.add_filenames("faq.md"); })),
              ElementsAre("怎么退货", "退货运费"));
  EXPECT_THAT(texts(filtered([](Filter& f) { f.add_documents("R01"); })), ElementsAre("怎么退货"));
  EXPECT_THAT(texts(filtered([](Filter& f) { f.add_categories("售后"); })), ElementsAre("怎么退货"));
  EXPECT_THAT(texts(filtered([](Filter& f) {
                f.add_categories("售后");
                f.add_kinds(kefu::v1::PASSAGE_KIND_TEXT);
              })),
              ElementsAre());
  const auto some = filtered([](Filter& f) { f.add_documents("R01"); });
  EXPECT_EQ(some.background.passages(), 4U);  // what is near depends on the whole base
  EXPECT_FALSE(some.lexical_only);
}

TEST(SearchFilter, IsRefusedWhereNoPassageCouldPassIt) {
  kefu::v1::SearchFilter filter;
  EXPECT_TRUE(check_filter(filter));
  filter.add_kinds(kefu::v1::PASSAGE_KIND_FAQ);
  EXPECT_TRUE(check_filter(filter));
  filter.add_kinds(kefu::v1::PASSAGE_KIND_UNSPECIFIED);
  EXPECT_FALSE(check_filter(filter));
  filter.clear_kinds();
  for (int i = 0; i < 1001; ++i) filter.add_documents("d");
  EXPECT_EQ(check_filter(filter).error().code, Errc::invalid_argument);
}

TEST(Search, CountsThePhrasingsOfAnFaqRowOnce) {
  Collection collection;
  std::vector<IndexedPassage> passages;
  for (std::uint32_t i = 0; i < 200; ++i) {
    passages.push_back(faq(i, 1, "怎么退货 " + std::to_string(i), "七天内", {1, 0}));
  }
  passages.push_back(faq(200, 2, "退货地址", "仓库", {0.6F, 0.8F}));
  passages.push_back(faq(201, 2, "退货寄到哪里", "仓库", {0.8F, 0.6F}));
  passages.push_back(text(202, "退货说明", {0, 1}));
  apply(collection, document("faq", std::move(passages)));
  apply(collection, document("other", {faq(0, 1, "怎么退货", "别的表", {0.9F, std::sqrt(0.19F)})}));
  const auto outcome = ask(collection, "退货", {1, 0}, 10);
  std::set<std::string> answers;
  for (const auto& hit : outcome.hits) answers.insert(hit.passage().answer());
  EXPECT_EQ(outcome.hits.size(), 4U);
  EXPECT_THAT(answers, UnorderedElementsAre("七天内", "仓库", "别的表", ""));
  const auto row_2 =
      std::ranges::find(outcome.hits, "仓库", [](const auto& hit) { return hit.passage().answer(); });
  EXPECT_EQ(row_2->passage().text(), "退货寄到哪里");
}

TEST(Search, SaysWhichShareOfTheQuestionAPassageCovers) {
  Collection collection;
  apply(collection, document("a", {faq(0, 1, "运费", "买家承担退货运费"), text(1, "完全无关的句子")}));
  EXPECT_FLOAT_EQ(ask(collection, "退货运费").hits.at(0).coverage(), 1.0F);
  const auto partly = ask(collection, "运费 refrigerator").hits.at(0).coverage();
  EXPECT_GT(partly, 0.0F);
  EXPECT_LT(partly, 0.5F);  // the term that nobody holds is the rarest
}

TEST(Search, NeverComparesVectorsOfDifferentModels) {
  Collection collection;
  apply(collection, document("a", {text(0, "alpha", {1, 0})}, "m2"));
  const auto outcome = ask(collection, "alpha", {1, 0});
  EXPECT_TRUE(outcome.lexical_only);
  EXPECT_EQ(outcome.hits.at(0).dense(), 0.0F);
  EXPECT_EQ(outcome.background.passages(), 0U);
  apply(collection, document("b", {text(0, "beta", {1, 0})}, "m1"));
  EXPECT_FALSE(ask(collection, "alpha", {1, 0}).lexical_only);
  EXPECT_TRUE(ask(collection, "alpha", {1, 0, 0}).lexical_only);  // same name, another size
}

TEST(Search, ShowsNoPhrasingThatTheFilterDoesNotAdmit) {
  for (const std::string model : {"m1", "m2"}) {
    Collection collection;
    auto first = faq(0, 1, "退货运费", "买家", {1, 0});
    auto second = faq(1, 1, "退货", "买家", {0, 1});
    first.passage.set_category("旧");
    second.passage.set_category("新");
    apply(collection, document("faq", {first, second}, model));
    apply(collection, document("book", {text(0, "其他", {1, 0})}, "m1"));
    SearchQuery query{"kb", 1, "退货运费", {1, 0}, "m1", 5};
    query.filter.add_categories("新");
    for (const FusionWeights weights : {FusionWeights{}, FusionWeights{.dense = 0, .lexical = 1}})
      EXPECT_THAT(texts(search(*collection.snapshot(), query, weights)), ElementsAre("退货")) << model;
  }
}

TEST(Search, IsLexicalOnlyWithoutAVector) {
  Collection collection;
  apply(collection, document("a", {text(0, "alpha", {1, 0})}));
  EXPECT_TRUE(ask(collection, "alpha").lexical_only);
  EXPECT_FALSE(search(Snapshot{}, {"kb", 1, "alpha", {1, 0}, "m1", 5}, {}).lexical_only);
}

TEST(Search, DoesNotDependOnHowTheSegmentsCameAbout) {
  std::mt19937 random(5);
  std::vector<std::vector<IndexedPassage>> documents;
  const std::vector<std::string> words{"red", "green", "blue", "shoe", "coat", "return", "price"};
  for (int d = 0; d < 60; ++d) {
    auto& passages = documents.emplace_back();
    for (std::uint32_t i = 0; i < 5; ++i) {
      passages.push_back(text(i, words[random() % 7] + " " + words[random() % 7], random_unit(random, 16)));
    }
  }
  const auto build = [&](bool churn, bool backwards) {
    auto collection = std::make_unique<Collection>();
    for (std::size_t i = 0; i < documents.size(); ++i) {
      const std::size_t d = backwards ? documents.size() - 1 - i : i;
      if (churn) apply(*collection, document(std::to_string(d), {text(0, "red price other")}));
      apply(*collection, document(std::to_string(d), documents[d]));
    }
    return collection;
  };
  const auto one = build(false, false);
  const auto two = build(true, true);
  for (int q = 0; q < 20; ++q) {
    const auto vector = random_unit(random, 16);
    const auto a = ask(*one, "red shoe", vector, 20);
    const auto b = ask(*two, "red shoe", vector, 20);
    ASSERT_EQ(a.hits.size(), b.hits.size());
    for (std::size_t i = 0; i < a.hits.size(); ++i) {
      EXPECT_EQ(a.hits[i].SerializeAsString(), b.hits[i].SerializeAsString());
    }
  }
}

}  // namespace
}  // namespace kefu::index
