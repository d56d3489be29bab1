#include "postings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace kefu::index {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::map<std::uint32_t, std::uint32_t> frequencies(const Postings& postings, std::string_view term) {
  std::map<std::uint32_t, std::uint32_t> all;
  const std::uint32_t number = postings.find(term_key(term));
  if (number == Postings::kNoTerm) return all;
  for (const Postings::Block& block : postings.blocks(number)) {
    for (const std::uint16_t posting : postings.postings(block)) {
      all[block.window * Postings::kWindowRows + Postings::row_of(posting)] = Postings::frequency_of(posting);
    }
  }
  return all;
}

std::map<std::uint32_t, std::uint32_t> counted(const Rows& rows, const std::string& term) {
  std::map<std::uint32_t, std::uint32_t> all;
  for (std::uint32_t row = 0; row < rows.size(); ++row) {
    const auto count = static_cast<std::uint32_t>(std::ranges::count(rows[row], term));
    if (count != 0) all[row] = std::min(count, Postings::kMostFrequency);
  }
  return all;
}

Rows random_rows(std::mt19937& random, std::size_t count) {
  Rows rows(count);
  for (auto& row : rows) {
    for (std::uint32_t i = random() % 12; i > 0; --i) {
      // Some terms are in nearly every row, most are rare.
      row.push_back(std::to_string(random() % (random() % 500 + 1)));
    }
  }
  return rows;
}

TEST(Postings, HoldEveryTermOfEveryRow) {
  std::mt19937 random(1);
  const Rows rows = random_rows(random, 3000);
  const Postings postings = Postings::build(rows);
  for (int term = 0; term < 500; ++term) {
    const auto expected = counted(rows, std::to_string(term));
    EXPECT_EQ(frequencies(postings, std::to_string(term)), expected);
    const std::uint32_t number = postings.find(term_key(std::to_string(term)));
    if (number != Postings::kNoTerm) EXPECT_EQ(postings.holders(number), expected.size());
  }
  EXPECT_EQ(postings.find(term_key("unknown")), Postings::kNoTerm);
  for (std::uint32_t row = 0; row < rows.size(); ++row) EXPECT_EQ(postings.length(row), rows[row].size());
}

TEST(Postings, CountHighFrequenciesAsTheHighest) {
  const Postings postings = Postings::build(Rows{std::vector<std::string>(100, "a"), {"a"}});
  EXPECT_EQ(frequencies(postings, "a"), (std::map<std::uint32_t, std::uint32_t>{{0, 63}, {1, 1}}));
  EXPECT_EQ(postings.length(0), 100U);
}

TEST(Postings, AddUpTheFrequenciesOfRowsThatFollowEachOther) {
  std::mt19937 random(2);
  const Rows rows = random_rows(random, 2500);
  const Postings postings = Postings::build(rows);
  for (int i = 0; i < 500; ++i) {
    const std::string term = std::to_string(random() % 40);
    const std::uint32_t number = postings.find(term_key(term));
    ASSERT_NE(number, Postings::kNoTerm);
    const auto first = static_cast<std::uint32_t>(random() % rows.size());
    const auto end = static_cast<std::uint32_t>(first + random() % (rows.size() - first + 1));
    std::uint32_t expected = 0;
    for (const auto& [row, frequency] : counted(rows, term))
      expected += row >= first && row < end ? frequency : 0;
    EXPECT_EQ(postings.frequency(number, first, end), expected);
  }
}

TEST(Postings, OfSeveralBecomeOneWithoutTheRowsLeftOut) {
  std::mt19937 random(3);
  std::vector<Postings> parts;
  std::vector<std::vector<std::uint32_t>> new_rows;
  Rows all;
  for (int i = 0; i < 4; ++i) {
    const Rows rows = random_rows(random, 700);
    parts.push_back(Postings::build(rows));
    auto& renumbered = new_rows.emplace_back();
    for (const auto& row : rows) {
      const bool dropped = random() % 3 == 0;
      renumbered.push_back(dropped ? Postings::kDropped : static_cast<std::uint32_t>(all.size()));
      if (!dropped) all.push_back(row);
    }
  }
  std::vector<Postings::Source> sources;
  for (std::size_t i = 0; i < parts.size(); ++i) sources.push_back({&parts[i], new_rows[i]});
  const Postings merged = Postings::merge(sources);
  const Postings built = Postings::build(all);
  for (int term = 0; term < 500; ++term) {
    EXPECT_EQ(frequencies(merged, std::to_string(term)), frequencies(built, std::to_string(term)));
  }
  EXPECT_EQ(merged.bytes(), built.bytes());
}

TEST(Postings, CountTheMarkedRowsThatHoldATerm) {
  const Postings postings = Postings::build(Rows{{"a", "b"}, {"a", "a"}, {"b"}});
  const auto counts = postings.count_holders({true, true, false});
  EXPECT_EQ(counts.at(postings.find(term_key("a"))), 2U);
  EXPECT_EQ(counts.at(postings.find(term_key("b"))), 1U);
}

}  // namespace
}  // namespace kefu::index
