#include "measure/eval_requests.hpp"

#include "patience.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <utility>

namespace kefu::cli {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kTimeout = 2min;  // the gateway gives up earlier, and says so

bool concerns_every_question(Errc code) {
  return code == Errc::unauthenticated || code == Errc::permission_denied || code == Errc::not_found ||
         code == Errc::unavailable;
}

}  // namespace

EvalRequests::EvalRequests(ApiClient& api, const std::string& kb, std::string mode)
    : api_(api), kb_(kb), mode_(std::move(mode)) {}

Task<Result<EvalRequests::Reply>> EvalRequests::post(std::string path, json body) const {
  Patience patience;
  for (;;) {
    const auto began = Clock::now();
    auto response = co_await api_.send("POST", path, body, kTimeout);
    const auto time = Clock::now() - began;
    if (response) co_return Reply{*std::move(response), {}, time};
    const Error error = std::move(response).error();
    if (co_await patience.again_after(error.code)) continue;
    if (concerns_every_question(error.code)) co_return fail(error);
    co_return Reply{{}, error.message, time};
  }
}

Task<Result<SearchOutcome>> EvalRequests::search(std::string question) const {
  json body{{"question", std::move(question)}, {"top_k", kRankingDepth}};
  KEFU_CO_TRY(Reply reply, co_await post(path_of({"v1", "kbs", kb_, "search"}), std::move(body)));
  SearchOutcome outcome{.error = std::move(reply.error), .time = reply.time};
  if (!reply.body.is_object()) co_return outcome;
  outcome.documents = ranked_documents(reply.body.value("hits", json::array()));
  outcome.degraded = reply.body.contains("degraded");
  co_return outcome;
}

Task<Result<AskOutcome>> EvalRequests::ask(std::string question) const {
  json body{{"kb", kb_}, {"question", std::move(question)}};
  if (!mode_.empty()) body["mode"] = mode_;
  KEFU_CO_TRY(Reply reply, co_await post("/v1/ask", std::move(body)));
  AskOutcome outcome{.error = std::move(reply.error), .time = reply.time};
  if (!reply.body.is_object()) co_return outcome;
  outcome.answer = reply.body.value("answer", "");
  outcome.decision = reply.body.value("decision", "");
  outcome.degraded = reply.body.contains("degraded");
  co_return outcome;
}

}  // namespace kefu::cli
