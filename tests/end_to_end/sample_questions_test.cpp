#include "system.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>

namespace kefu::testing {
namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string content_type(const std::filesystem::path& path) {
  if (path.extension() == ".csv") return "text/csv";
  if (path.extension() == ".jsonl") return "application/x-ndjson";
  return path.extension() == ".md" ? "text/markdown" : "text/plain";
}

struct Counts {
  int answerable = 0;
  int right = 0;  ///< the first source is one of the documents that answer
  int with_text = 0;
  int text_given = 0;  ///< the answer holds one of the expected texts
  int unanswerable = 0;
  int refused = 0;
};

bool has_expected_text(const nlohmann::json& answer, const nlohmann::json& texts) {
  const auto given = answer["answer"].get<std::string>();
  return std::ranges::any_of(texts, [&](const nlohmann::json& text) {
    return given.find(text.get_ref<const std::string&>()) != std::string::npos;
  });
}

void count(const nlohmann::json& expected, const nlohmann::json& answer, Counts& counts) {
  const bool refused = answer["decision"] == "refused";
  const auto nearest = refused ? nlohmann::json() : answer["sources"][0]["document"];
  bool good = refused;
  if (expected["answerable"] == true) {
    good = !refused && std::ranges::find(expected["documents"], nearest) != expected["documents"].end();
    ++counts.answerable;
    counts.right += good;
    if (expected.contains("answers")) {
      ++counts.with_text;
      counts.text_given += !refused && has_expected_text(answer, expected["answers"]);
    }
  } else {
    ++counts.unanswerable;
    counts.refused += good;
  }
  if (!good) {
    std::cout << fmt::format("{} expected {}, got {} {} with confidence {}\n", expected["question"].dump(),
                             expected.value("documents", nlohmann::json()).dump(), answer["decision"].dump(),
                             nearest.dump(), answer["confidence"].dump());
  }
}

/// The three questions that `make run` asks, and what they are answered from: a newcomer's first impression.
void expect_first_impression(System& system) {
  const std::string script = read_file(std::filesystem::path(KEFU_SAMPLE_DIR) / "../../dev/run.sh");
  const std::pair<std::string, std::string> shown[] = {
      {"买了一周的鞋子还能退吗?", "R01"},
      {"运费谁出?", "R03"},
      {"户外电源能带着坐飞机吗?", "product-manual.md"},
  };
  for (const auto& [question, document] : shown) {
    EXPECT_NE(script.find('"' + question + '"'), std::string::npos) << question;
    const auto response = system.ask("shop", question);
    ASSERT_EQ(response.status, 200) << response.body;
    const auto answer = nlohmann::json::parse(response.body);
    EXPECT_EQ(answer["sources"].empty() ? "" : answer["sources"][0]["document"], document) << answer;
  }
}

/// The sample knowledge base and the questions that customers of its shop ask. The numbers are what the
/// default model reaches: a change that makes one worse has to say so here.
TEST(SampleKnowledgeBase, IsAnsweredAsWellAsBefore) {
  constexpr int kRightDocumentFirst = 65;  // of 81
  constexpr int kTextGiven = 63;           // of 80
  constexpr int kRefused = 15;             // of 23

  System system;
  ASSERT_EQ(system.request("PUT", "/v1/kbs/shop", "{}").status, 201);
  for (const auto& file : std::filesystem::directory_iterator(KEFU_SAMPLE_DIR)) {
    const auto job = system.wait_for_job(
        system.upload("shop", file.path().filename(), content_type(file.path()), read_file(file.path())));
    EXPECT_EQ(job["state"], "done") << job;
    EXPECT_TRUE(job["rejected"].empty()) << job;
  }
  expect_first_impression(system);
  Counts counts;
  std::ifstream questions(KEFU_SAMPLE_QUESTIONS);
  for (std::string line; std::getline(questions, line);) {
    const auto expected = nlohmann::json::parse(line);
    const auto response = system.ask("shop", expected["question"]);
    ASSERT_EQ(response.status, 200) << response.body;
    count(expected, nlohmann::json::parse(response.body), counts);
  }
  std::cout << fmt::format("right document {} of {}, expected text {} of {}, refused {} of {}\n",
                           counts.right, counts.answerable, counts.text_given, counts.with_text,
                           counts.refused, counts.unanswerable);
  EXPECT_GE(counts.right, kRightDocumentFirst);
  EXPECT_GE(counts.text_given, kTextGiven);
  EXPECT_GE(counts.refused, kRefused);
}

}  // namespace
}  // namespace kefu::testing
