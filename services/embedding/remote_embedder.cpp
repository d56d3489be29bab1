#include "remote_embedder.hpp"

#include "text_preparation.hpp"
#include "token_estimate.hpp"

#include <kefu/base/ids.hpp>
#include <kefu/vector/codec.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace kefu::embedding {
namespace {

constexpr auto kPath = "/embeddings";
/// A text that every provider takes.
constexpr auto kPlainText = "dimensions";
constexpr std::size_t kPlainTokens = 4;
/// Beginning and end of a text.
constexpr std::size_t kSpecialTokens = 2;
/// Finding one bad text in a call of `batch` takes twice its logarithm of calls to base 2; a provider that
/// refuses everything must not be asked about every text by itself.
constexpr std::size_t kSpareCalls = 24;
constexpr std::size_t kInlineBytes = 16 * 1024;

/// Statuses that may be one text's fault.
bool refused_content(int status) { return status == 400 || status == 413 || status == 422; }

std::string fingerprint_of(const RemoteOptions& options, std::size_t dimensions) {
  const std::string all = fmt::format("remote\n{}\n{}\n{}\n{}\n{}", sha256_hex(options.identity), dimensions,
                                      kNormalizationVersion, sha256_hex(options.query_prefix),
                                      sha256_hex(options.passage_prefix));
  return sha256_hex(all).substr(0, 16);
}

/// `total` in parts that are to each other as `weights`, and add up to it.
std::vector<std::uint32_t> shares(std::uint64_t total, const std::vector<std::size_t>& weights) {
  std::vector<std::uint32_t> parts;
  std::uint64_t before = 0;
  std::uint64_t weight = 0;
  std::uint64_t all = 0;
  for (const std::size_t each : weights) all += each;
  for (const std::size_t each : weights) {
    weight += each;
    const std::uint64_t until = all == 0 ? 0 : total * weight / all;
    parts.push_back(static_cast<std::uint32_t>(until - before));
    before = until;
  }
  return parts;
}

Result<provider::Embeddings> parse(std::string_view body, std::size_t texts, std::size_t dimensions) {
  KEFU_TRY(provider::Embeddings embeddings, provider::parse_embeddings(body, texts, dimensions));
  for (Vector& vector : embeddings.vectors) {
    if (!vector::normalize_length(vector))
      return fail(Errc::bad_upstream, "the embedding provider gave a vector without direction");
  }
  return embeddings;
}

}  // namespace

Task<Result<std::unique_ptr<RemoteEmbedder>>> RemoteEmbedder::connect(provider::Client& client,
                                                                      RemoteOptions options,
                                                                      Deadline deadline) {
  std::unique_ptr<RemoteEmbedder> embedder(new RemoteEmbedder(client, std::move(options)));
  if (embedder->options_.dimensions == 0) {
    const Call first = co_await embedder->call({kPlainText}, kPlainTokens, deadline);
    if (!first.outcome.result) co_return fail(first.outcome.result.error());
    const std::size_t dimensions = first.embeddings.vectors.front().size();
    if (dimensions > kMaxDimensions) {
      co_return fail(Errc::unsupported,
                     fmt::format("the embedding model gives {} dimensions, the limit is {}", dimensions,
                                 kMaxDimensions));
    }
    embedder->know(dimensions);
  }
  co_return embedder;
}

RemoteEmbedder::RemoteEmbedder(provider::Client& client, RemoteOptions options)
    : client_(client), options_(std::move(options)) {
  info_.name = client_.endpoint().model;
  if (options_.identity.empty()) options_.identity = info_.name;
  info_.max_tokens = options_.max_tokens;
  info_.calls_at_once = options_.calls;
  info_.calls_of_imports = std::max<std::size_t>(options_.calls, 2) - 1;
  info_.tokens_a_call = options_.call_tokens;
  info_.texts_a_call = options_.batch;
  added_ = kSpecialTokens +
           std::max(estimate_tokens(options_.query_prefix), estimate_tokens(options_.passage_prefix));
  know(options_.dimensions);
}

void RemoteEmbedder::know(std::size_t dimensions) {
  info_.dimensions = dimensions;
  info_.fingerprint = fingerprint_of(options_, dimensions);
}

ModelInput RemoteEmbedder::prepare(std::string_view text, Role role) const {
  std::string whole = role == Role::query ? options_.query_prefix : options_.passage_prefix;
  whole += text;
  const std::size_t tokens = kSpecialTokens + estimate_tokens(whole);
  return {std::move(whole), tokens};
}

std::size_t RemoteEmbedder::count_tokens(std::string_view text) const { return estimate_tokens(text); }

Task<RemoteEmbedder::Vectors> RemoteEmbedder::embed(std::vector<ModelInput> inputs, Deadline deadline) {
  Search search{.spare_calls = kSpareCalls};
  co_return co_await embed_together(std::move(inputs), deadline, search);
}

Task<RemoteEmbedder::Vectors> RemoteEmbedder::embed_together(std::vector<ModelInput> inputs,
                                                             Deadline deadline, Search& search) {
  std::vector<std::string> texts;
  std::vector<std::size_t> weights;
  std::size_t estimated = 0;
  for (const ModelInput& input : inputs) {
    texts.push_back(std::get<std::string>(input.content));
    weights.push_back(input.tokens);
    estimated += input.tokens;
  }
  Call made = co_await call(std::move(texts), estimated, deadline);
  if (!made.outcome.result) {
    Error error = std::move(made.outcome.result).error();
    if (refused_content(made.outcome.status)) {
      if (inputs.size() > 1 && search.spare_calls >= 2)
        co_return co_await embed_halves(std::move(inputs), deadline, search);
      if (inputs.size() == 1 && co_await takes_texts(deadline, search)) {
        error = {Errc::invalid_argument, "the embedding provider refused the text", std::move(error.detail)};
      } else {
        error.code = Errc::bad_upstream;  // also 413: it is no text's fault
      }
    }
    co_return Vectors(inputs.size(), fail(std::move(error)));
  }
  search.takes_texts = true;
  const auto tokens = shares(made.embeddings.tokens.value_or(estimated), weights);
  Vectors vectors;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    vectors.emplace_back(TextVector{std::move(made.embeddings.vectors[i]), tokens[i]});
  co_return vectors;
}

Task<RemoteEmbedder::Vectors> RemoteEmbedder::embed_halves(std::vector<ModelInput> inputs, Deadline deadline,
                                                           Search& search) {
  search.spare_calls -= 2;
  const auto middle = inputs.begin() + static_cast<std::ptrdiff_t>(inputs.size() / 2);
  std::vector<ModelInput> second(std::make_move_iterator(middle), std::make_move_iterator(inputs.end()));
  inputs.erase(middle, inputs.end());
  Vectors vectors = co_await embed_together(std::move(inputs), deadline, search);
  Vectors rest = co_await embed_together(std::move(second), deadline, search);
  std::ranges::move(rest, std::back_inserter(vectors));
  co_return vectors;
}

Task<bool> RemoteEmbedder::takes_texts(Deadline deadline, Search& search) {
  if (!search.takes_texts) {
    const Call plain = co_await call({kPlainText}, kPlainTokens, deadline);
    search.takes_texts = plain.outcome.result.has_value();
  }
  co_return *search.takes_texts;
}

Task<RemoteEmbedder::Call> RemoteEmbedder::call(std::vector<std::string> texts, std::size_t tokens,
                                                Deadline deadline) {
  Call made;
  const std::size_t count = texts.size();
  std::string json =
      provider::embeddings_request({.model = client_.endpoint().model,
                                    .input = std::move(texts),
                                    .encoding = options_.encoding,
                                    .dimensions = options_.sends_dimensions ? options_.dimensions : 0});
  auto take = [this, count, &into = made.embeddings](std::string body) {
    return read(std::move(body), count, into);
  };
  made.outcome = co_await client_.post(kPath, std::move(json), std::move(take), deadline, tokens);
  co_return made;
}

Task<Result<>> RemoteEmbedder::read(std::string body, std::size_t texts, provider::Embeddings& into) {
  const bool here = body.size() <= kInlineBytes;
  auto work = [body = std::move(body), texts, dimensions = info_.dimensions] {
    return parse(body, texts, dimensions);
  };
  auto parsed = here ? work() : Result<provider::Embeddings>{};
  if (!here) parsed = co_await parser_.run(std::move(work));
  if (!parsed) co_return fail(std::move(parsed).error());
  into = *std::move(parsed);
  co_return Result<>{};
}

}  // namespace kefu::embedding
