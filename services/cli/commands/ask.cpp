#include "commands/ask.hpp"

#include "display_text.hpp"

#include <kefu/http/sse.hpp>

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

constexpr auto kAskTimeout = 2min;  // the gateway gives up earlier, and says so

json request_of(const AskOptions& options) {
  json body{{"kb", options.kb}, {"question", options.question}};
  if (!options.session.empty()) body["session"] = options.session;
  if (!options.mode.empty()) body["mode"] = options.mode;
  return body;
}

/// Takes the events of one answer, and prints its text as it grows.
class Reader {
 public:
  explicit Reader(Console& console) : console_(console) {}

  /// Errors: what an event `error` says.
  Result<> take(const http::SseEvent& event) {
    const json data = json::parse(event.data, nullptr, false);
    if (!data.is_object()) return fail(Errc::bad_upstream, "the server sent an event that cannot be read");
    if (event.event == "delta") {
      printed_ += data.value("text", "");
      console_.piece(data.value("text", ""));
    } else if (event.event == "done") {
      done_ = data;
    } else if (event.event == "error") {
      return fail(Errc::unavailable,
                  data.value("error", json::object()).value("message", "the answer failed"));
    }
    return {};
  }

  const std::optional<json>& done() const { return done_; }

  /// The end of the text. What came in pieces is not always the answer: one that was begun may be given up
  /// for another.
  void finish() {
    const std::string answer = done_ ? done_->value("answer", "") : printed_;
    if (!printed_.empty()) console_.line();
    if (printed_ != answer) console_.line(answer);
  }

 private:
  Console& console_;
  std::string printed_;
  std::optional<json> done_;
};

Task<Result<>> read_events(std::unique_ptr<http::ResponseStream> stream, Reader& reader, Deadline deadline,
                           ApiClient& api) {
  http::SseParser parser;
  for (;;) {
    auto bytes = co_await stream->read_some(deadline);
    if (!bytes) co_return fail(api.explain(std::move(bytes).error()));
    if (bytes->empty()) co_return Result<>{};
    KEFU_CO_TRY(const std::vector<http::SseEvent> events, parser.feed(*bytes));
    for (const http::SseEvent& event : events) KEFU_CO_CHECK(reader.take(event));
  }
}

Task<Result<json>> stream_answer(AskOptions options, ApiClient& api, Console& console) {
  const Deadline deadline = Deadline::in(kAskTimeout);
  KEFU_CO_TRY(auto stream, co_await api.open_events("/v1/ask", request_of(options), deadline));
  Reader reader(console);
  const auto read = co_await read_events(std::move(stream), reader, deadline, api);
  reader.finish();
  KEFU_CO_CHECK(read);
  if (!reader.done()) co_return fail(Errc::bad_upstream, "the answer ended before it was complete");
  co_return *reader.done();
}

void print_sources(const json& answer, Console& console) {
  std::size_t number = 0;
  for (const json& source : answer.value("sources", json::array())) {
    std::string place = source.value("filename", "");
    for (const char* field : {"document", "title", "heading"}) {
      const std::string text = source.value(field, "");
      if (!text.empty() && text != source.value("filename", "")) place += " · " + text;
    }
    console.line(
        fmt::format("source {}    {} (score {:.2f})", ++number, one_line(place), source.value("score", 0.0)));
  }
}

void print_time(const json& answer, Console& console) {
  std::string stages;
  const json timings = answer.value("timings", json::object());
  for (const auto& [stage, milliseconds] : timings.items()) {
    if (stage == "total" || !milliseconds.is_number()) continue;
    stages += fmt::format("{}{} {:.1f}", stages.empty() ? "" : ", ", stage, milliseconds.get<double>());
  }
  console.line(fmt::format("time        {:.1f} ms{}", timings.value("total", 0.0),
                           stages.empty() ? "" : " (" + stages + ")"));
}

}  // namespace

void print_account(const json& answer, Console& console) {
  console.line(fmt::format("decision    {} (confidence {:.2f})", answer.value("decision", ""),
                           answer.value("confidence", 0.0)));
  print_sources(answer, console);
  print_time(answer, console);
  const json usage = answer.value("usage", json::object());
  const auto tokens = [&](const char* name) { return grouped(usage.value(name, std::uint64_t{0})); };
  console.line(fmt::format("tokens      {} embedding, {} prompt, {} completion; {} saved",
                           tokens("embedding_tokens"), tokens("prompt_tokens"), tokens("completion_tokens"),
                           tokens("saved_tokens")));
  if (const std::string degraded = answer.value("degraded", ""); !degraded.empty())
    console.line("note        " + degraded);
}

Task<int> ask(AskOptions options, ApiClient& api, Console& console) {
  // No `?:` here: the two awaited results would share one expression.
  Result<json> answer;
  if (options.json) {
    answer = co_await api.send("POST", "/v1/ask", request_of(options), kAskTimeout);
  } else {
    answer = co_await stream_answer(options, api, console);
  }
  if (!answer) {
    console.error(answer.error());
    co_return 1;
  }
  if (options.json) {
    console.json(*answer);
  } else {
    print_account(*answer, console);
  }
  co_return 0;
}

}  // namespace kefu::cli
