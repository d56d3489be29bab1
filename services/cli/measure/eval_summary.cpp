#include "measure/eval_summary.hpp"

#include "display_text.hpp"
#include "table.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>

namespace kefu::cli {
namespace {

using nlohmann::json;
using Value = std::optional<double>;

Value of_ranking(const EvalSummary& summary, double (*measure)(const RankingQuality&)) {
  if (!summary.search || summary.search->ranking.questions() == 0) return std::nullopt;
  return measure(summary.search->ranking);
}

Value p99_of(const Latencies& latencies) {
  if (latencies.count() == 0) return std::nullopt;
  return latencies.percentile_ms(0.99);
}

json rounded(double value) { return std::round(value * 1e6) / 1e6; }
json rounded(Value value) { return value ? rounded(*value) : json(nullptr); }

json share_json(const Share& share, const char* part) {
  return {{"questions", share.whole}, {part, share.part}, {"rate", rounded(share.value())}};
}

std::string latency_text(const Latencies& latencies) {
  return fmt::format("p50 {}, p90 {}, p99 {}, max {}", format_ms(latencies.percentile_ms(0.5)),
                     format_ms(latencies.percentile_ms(0.9)), format_ms(latencies.percentile_ms(0.99)),
                     format_ms(latencies.max_ms()));
}

void add_common(Table& table, const Latencies& latencies, std::size_t degraded, std::size_t errors) {
  if (latencies.count() > 0) table.add({"latency", latency_text(latencies)});
  if (degraded > 0) table.add({"degraded", grouped(degraded)});
  if (errors > 0) table.add({"errors", grouped(errors)});
}

void add_share(Table& table, const char* name, const Share& share, const char* of_what) {
  if (!share.value()) return;
  table.add({name, fmt::format("{:.4f}  ({} of {} {})", *share.value(), grouped(share.part),
                               grouped(share.whole), of_what)});
}

void add_search(Table& table, const SearchSummary& search) {
  const RankingQuality& ranking = search.ranking;
  table.add({"searched", fmt::format("{}  (those that name documents)", grouped(ranking.questions()))});
  if (ranking.questions() > 0) {
    table.add({"Recall@1", fmt::format("{:.4f}", ranking.recall(1))});
    table.add({"Recall@5", fmt::format("{:.4f}", ranking.recall(5))});
    table.add({"MRR@10", fmt::format("{:.4f}", ranking.mrr())});
    table.add({"nDCG@10", fmt::format("{:.4f}", ranking.ndcg())});
  }
  add_common(table, search.latencies, search.degraded, search.errors);
}

void add_ask(Table& table, const AskSummary& ask) {
  table.add({"asked", grouped(ask.questions)});
  add_share(table, "contained", ask.contained, "answers hold an expected text");
  add_share(table, "refused", ask.refused_answerable, "answerable");
  add_share(table, "answered", ask.answered_unanswerable, "unanswerable");
  std::string decisions;
  for (const auto& [decision, count] : ask.decisions)
    decisions += fmt::format("{}{} {}", decisions.empty() ? "" : ", ", decision, grouped(count));
  table.add({"decisions", decisions});
  add_common(table, ask.latencies, ask.degraded, ask.errors);
}

}  // namespace

const std::array<Gate, 9> kGates{{
    {"--min-recall-1", "least Recall@1", true,
     [](const EvalSummary& s) { return of_ranking(s, [](const auto& r) { return r.recall(1); }); }},
    {"--min-recall-5", "least Recall@5", true,
     [](const EvalSummary& s) { return of_ranking(s, [](const auto& r) { return r.recall(5); }); }},
    {"--min-mrr", "least MRR@10", true,
     [](const EvalSummary& s) { return of_ranking(s, [](const auto& r) { return r.mrr(); }); }},
    {"--min-ndcg", "least nDCG@10", true,
     [](const EvalSummary& s) { return of_ranking(s, [](const auto& r) { return r.ndcg(); }); }},
    {"--min-contained", "least share of answers that hold an expected text", true,
     [](const EvalSummary& s) { return s.ask ? s.ask->contained.value() : Value(); }},
    {"--max-refused", "greatest share of answerable questions refused", false,
     [](const EvalSummary& s) { return s.ask ? s.ask->refused_answerable.value() : Value(); }},
    {"--max-answered", "greatest share of unanswerable questions answered", false,
     [](const EvalSummary& s) { return s.ask ? s.ask->answered_unanswerable.value() : Value(); }},
    {"--max-search-p99", "greatest 99th percentile of searches, in ms", false,
     [](const EvalSummary& s) { return s.search ? p99_of(s.search->latencies) : Value(); }},
    {"--max-ask-p99", "greatest 99th percentile of questions, in ms", false,
     [](const EvalSummary& s) { return s.ask ? p99_of(s.ask->latencies) : Value(); }},
}};

void SearchSummary::add(const EvalQuestion& question, const SearchOutcome& outcome) {
  ranking.add(outcome.documents, question.documents);
  if (!outcome.error.empty()) {
    ++errors;
    return;
  }
  latencies.add(outcome.time);
  if (outcome.degraded) ++degraded;
}

void AskSummary::add(const EvalQuestion& question, const AskOutcome& outcome) {
  ++questions;
  const bool answerable = question.answerable.value_or(false);
  const bool unanswerable = !question.answerable.value_or(true);
  if (answerable && !question.answers.empty())
    contained.count(outcome.error.empty() && contains_any(outcome.answer, question.answers));
  if (answerable) refused_answerable.count(outcome.refused());
  if (unanswerable) answered_unanswerable.count(outcome.answered());
  if (!outcome.error.empty()) {
    ++errors;
    return;
  }
  ++decisions[outcome.decision];
  latencies.add(outcome.time);
  if (outcome.degraded) ++degraded;
}

json summary_json(const EvalSummary& summary) {
  json out = json::object();
  if (summary.search) {
    const SearchSummary& search = *summary.search;
    const bool measured = search.ranking.questions() > 0;
    const auto value = [&](double number) { return measured ? rounded(number) : json(nullptr); };
    out["search"] = {{"questions", search.ranking.questions()},
                     {"recall_at_1", value(search.ranking.recall(1))},
                     {"recall_at_5", value(search.ranking.recall(5))},
                     {"mrr_at_10", value(search.ranking.mrr())},
                     {"ndcg_at_10", value(search.ranking.ndcg())},
                     {"errors", search.errors},
                     {"degraded", search.degraded},
                     {"latency_ms", latencies_json(search.latencies)}};
  }
  if (summary.ask) {
    const AskSummary& ask = *summary.ask;
    out["ask"] = {{"questions", ask.questions},
                  {"containment", share_json(ask.contained, "contained")},
                  {"answerable", share_json(ask.refused_answerable, "refused")},
                  {"unanswerable", share_json(ask.answered_unanswerable, "answered")},
                  {"decisions", ask.decisions},
                  {"errors", ask.errors},
                  {"degraded", ask.degraded},
                  {"latency_ms", latencies_json(ask.latencies)}};
  }
  return out;
}

json gates_json(const EvalSummary& summary, const GateLimits& limits) {
  json out = json::array();
  for (const Gate& gate : kGates) {
    const auto limit = limits.find(gate.option);
    if (limit == limits.end()) continue;
    const Value value = gate.measured(summary);
    out.push_back({{"gate", std::string(gate.option).substr(2)},
                   {"limit", limit->second},
                   {"value", rounded(value)},
                   {"passed", value && gate.holds(*value, limit->second)}});
  }
  return out;
}

std::vector<std::string> summary_lines(const EvalSummary& summary) {
  Table table({Table::Align::left, Table::Align::left});
  if (summary.search) add_search(table, *summary.search);
  if (summary.search && summary.ask) table.add({"", ""});
  if (summary.ask) add_ask(table, *summary.ask);
  return table.lines();
}

}  // namespace kefu::cli
