#include "bus_token_counter.hpp"

#include "kefu/v1/embedding.pb.h"

#include <kefu/base/ids.hpp>
#include <kefu/proto/subjects.hpp>

#include <algorithm>
#include <utility>

namespace kefu::ingest {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatchTexts = 256;
constexpr std::size_t kBatchBytes = 256 << 10;
constexpr auto kRequestTime = 5s;
constexpr std::chrono::milliseconds kShortestPause = 100ms;
constexpr std::chrono::milliseconds kLongestPause = 5s;

}  // namespace

Task<Result<TokenCounts>> BusTokenCounter::count(std::vector<std::string> texts) {
  const Deadline deadline = Deadline::in(patience_);
  TokenCounts all;
  std::size_t next = 0;
  do {
    std::vector<std::string> batch;
    for (std::size_t bytes = 0; next < texts.size() && batch.size() < kBatchTexts; ++next) {
      bytes += texts[next].size();
      if (!batch.empty() && bytes > kBatchBytes) break;
      batch.push_back(std::move(texts[next]));
    }
    KEFU_CO_TRY(const TokenCounts counted, co_await count_batch(std::move(batch), deadline));
    all.counts.insert(all.counts.end(), counted.counts.begin(), counted.counts.end());
    all.max_tokens = counted.max_tokens;
  } while (next < texts.size());
  co_return all;
}

void BusTokenCounter::stop() {
  stopping_ = true;
  stopped_.raise();
}

Task<Result<TokenCounts>> BusTokenCounter::count_batch(std::vector<std::string> texts, Deadline deadline) {
  kefu::v1::CountTokensRequest request;
  for (std::string& text : texts) request.add_texts(std::move(text));
  const std::string payload = request.SerializeAsString();
  for (std::chrono::milliseconds pause = kShortestPause;; pause = std::min(pause * 2, kLongestPause)) {
    if (stopping_) co_return fail(Errc::cancelled, "ingest is stopping");
    auto counts = co_await ask(payload, texts.size(), deadline);
    if (counts || !traits(counts.error().code).retryable || deadline.remaining() < pause) co_return counts;
    co_await stopped_.wait(Deadline::in(pause));
  }
}

Task<Result<TokenCounts>> BusTokenCounter::ask(std::string payload, std::size_t texts, Deadline deadline) {
  const RequestContext context{.request_id = random_id(), .deadline = deadline.at_most(kRequestTime)};
  bus::Message message{.subject = std::string(proto::kCountTokens), .payload = std::move(payload)};
  KEFU_CO_TRY(const bus::Message reply, co_await bus_.request(context, std::move(message)));
  kefu::v1::CountTokensResponse response;
  const bool valid = response.ParseFromString(reply.payload) && response.max_tokens() > 0 &&
                     static_cast<std::size_t>(response.counts_size()) == texts;
  if (!valid) co_return fail(Errc::bad_upstream, "embedding did not count every text that it was given");
  co_return TokenCounts{.counts = {response.counts().begin(), response.counts().end()},
                        .max_tokens = response.max_tokens()};
}

}  // namespace kefu::ingest
