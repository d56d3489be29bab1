#include "faq_csv.hpp"

#include "cells.hpp"
#include "csv_reader.hpp"
#include "faq_collector.hpp"

#include <kefu/text/normalize.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kefu::ingest {
namespace {

enum class Column { question, answer, similar, category, id, ignored };

Column column_named(std::string_view title) {
  constexpr std::array<std::pair<std::string_view, Column>, 10> kTitles{{{"question", Column::question},
                                                                         {"问题", Column::question},
                                                                         {"answer", Column::answer},
                                                                         {"答案", Column::answer},
                                                                         {"similar", Column::similar},
                                                                         {"相似问题", Column::similar},
                                                                         {"category", Column::category},
                                                                         {"分类", Column::category},
                                                                         {"id", Column::id},
                                                                         {"编号", Column::id}}};
  const std::string folded = text::fold_for_matching(title);
  const auto row = std::ranges::find(kTitles, folded, &std::pair<std::string_view, Column>::first);
  return row == kTitles.end() ? Column::ignored : row->second;
}

Result<std::vector<Column>> read_header(const std::vector<std::string>& titles) {
  std::vector<Column> columns;
  for (const std::string& title : titles) {
    const Column column = column_named(title);
    if (column != Column::ignored && std::ranges::find(columns, column) != columns.end()) {
      return fail(Errc::invalid_argument, "the header names two columns for \"" + title + "\"");
    }
    columns.push_back(column);
  }
  for (const auto& [column, names] :
       {std::pair(Column::question, "question or 问题"), std::pair(Column::answer, "answer or 答案")}) {
    if (std::ranges::find(columns, column) == columns.end()) {
      return fail(
          Errc::invalid_argument,
          std::string("the first line must name the columns, separated by commas; none is named ") + names);
    }
  }
  return columns;
}

extraction::FaqRow to_row(const std::vector<Column>& columns, const std::vector<std::string>& fields,
                          std::uint32_t number) {
  extraction::FaqRow row;
  row.set_row(number);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    std::string value = with_plain_line_ends(trim(fields[i]));
    switch (columns[i]) {
      case Column::question:
        row.set_question(std::move(value));
        break;
      case Column::answer:
        row.set_answer(std::move(value));
        break;
      case Column::category:
        row.set_category(std::move(value));
        break;
      case Column::id:
        row.set_id(std::move(value));
        break;
      case Column::similar:
        for (std::string& phrasing : split_phrasings(value)) row.add_similar(std::move(phrasing));
        break;
      case Column::ignored:
        break;
    }
  }
  return row;
}

bool is_blank(const std::vector<std::string>& fields) {
  return std::ranges::all_of(fields, [](const std::string& field) { return trim(field).empty(); });
}

}  // namespace

Result<> extract_faq_csv(std::string_view text, std::size_t offset, ExtractionSink& sink) {
  CsvReader reader(text);
  std::optional<std::vector<Column>> columns;
  FaqCollector rows(sink);
  std::uint32_t number = 0;
  while (auto record = reader.next()) {
    if (!*record) {
      if (!columns) return fail(Errc::invalid_argument, "the header cannot be read: " + record->error());
      sink.reject(++number, "", std::move(*record).error());
      continue;
    }
    const std::vector<std::string>& fields = (*record)->fields;
    const auto bad_bytes =
        undecodable((*record)->raw, offset + static_cast<std::size_t>((*record)->raw.data() - text.data()));
    if (!columns) {
      if (bad_bytes) return fail(Errc::invalid_argument, *bad_bytes);
      if (is_blank(fields)) continue;
      KEFU_TRY(columns, read_header(fields));
      continue;
    }
    ++number;
    if (is_blank(fields)) continue;  // spreadsheets end in them
    if (bad_bytes) {
      sink.reject(number, "", *bad_bytes);
    } else if (fields.size() != columns->size()) {
      sink.reject(number, "",
                  "the row has " + std::to_string(fields.size()) + " columns and the header " +
                      std::to_string(columns->size()));
    } else {
      rows.add(to_row(*columns, fields, number));
    }
  }
  return {};
}

}  // namespace kefu::ingest
