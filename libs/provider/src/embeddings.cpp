#include "base64.hpp"

#include <kefu/provider/embeddings.hpp>
#include <kefu/provider/status.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

namespace kefu::provider {
namespace {

using nlohmann::json;

constexpr std::size_t kDetailBytes = 200;

std::unexpected<Error> bad(std::string what) {
  return fail(Errc::bad_upstream, "the embedding provider did not answer with embeddings", std::move(what));
}

Result<std::vector<float>> from_base64(const std::string& text) {
  static_assert(std::endian::native == std::endian::little, "the wire format is");
  const auto bytes = decode_base64(text);
  if (!bytes || bytes->size() % sizeof(float) != 0) return bad("a vector is not base64 of 32 bit floats");
  std::vector<float> vector(bytes->size() / sizeof(float));
  if (!vector.empty()) std::memcpy(vector.data(), bytes->data(), bytes->size());
  return vector;
}

Result<std::vector<float>> from_numbers(const json& numbers) {
  std::vector<float> vector;
  vector.reserve(numbers.size());
  for (const json& number : numbers) {
    if (!number.is_number()) return bad("a component is not a number");
    const auto value = number.get<double>();
    const bool fits = std::abs(value) <= std::numeric_limits<float>::max();
    vector.push_back(fits ? static_cast<float>(value) : std::numeric_limits<float>::infinity());
  }
  return vector;
}

Result<std::vector<float>> vector_of(const json& item, std::size_t dimensions) {
  const auto found = item.find("embedding");
  if (found == item.end()) return bad("an item has no embedding");
  if (!found->is_array() && !found->is_string()) return bad("an embedding is neither numbers nor base64");
  auto vector = found->is_array() ? from_numbers(*found) : from_base64(found->get_ref<const std::string&>());
  if (!vector) return vector;
  if (vector->empty()) return bad("a vector has no components");
  if (dimensions != 0 && vector->size() != dimensions)
    return bad(fmt::format("a vector has {} dimensions instead of {}", vector->size(), dimensions));
  if (!std::ranges::all_of(*vector, [](float x) { return std::isfinite(x); }))
    return bad("a vector has a component that is not finite");
  if (std::ranges::all_of(*vector, [](float x) { return x == 0; })) return bad("a vector is all zero");
  return vector;
}

Result<std::size_t> index_of(const json& item, const std::vector<std::vector<float>>& vectors) {
  if (!item.is_object()) return bad("an item is not an object");
  const auto found = item.find("index");
  if (found == item.end() || !found->is_number_unsigned()) return bad("an item has no index");
  const auto index = found->get<std::uint64_t>();
  if (index >= vectors.size())
    return bad(fmt::format("there is an index {} of {} inputs", index, vectors.size()));
  if (!vectors[index].empty()) return bad(fmt::format("the index {} comes twice", index));
  return static_cast<std::size_t>(index);
}

std::optional<std::uint64_t> tokens_of(const json& response) {
  const auto usage = response.find("usage");
  if (usage == response.end() || !usage->is_object()) return std::nullopt;
  for (const char* const name : {"prompt_tokens", "total_tokens"}) {
    const auto tokens = usage->find(name);
    if (tokens == usage->end() || !tokens->is_number_unsigned()) continue;
    const auto count = tokens->get<std::uint64_t>();
    // Servers that do not count say 0.
    if (count > 0 && count <= std::numeric_limits<std::uint32_t>::max()) return count;
  }
  return std::nullopt;
}

}  // namespace

std::string embeddings_request(const EmbeddingsRequest& request) {
  json body = {{"model", request.model}, {"input", request.input}};
  if (request.encoding != VectorEncoding::unsaid)
    body["encoding_format"] = request.encoding == VectorEncoding::base64 ? "base64" : "float";
  if (request.dimensions != 0) body["dimensions"] = request.dimensions;
  // Texts are valid UTF-8 by now; the replacement only keeps a bug from throwing.
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<Embeddings> parse_embeddings(std::string_view body, std::size_t count, std::size_t dimensions) {
  const json response = json::parse(body, nullptr, false);
  if (!response.is_object()) return bad(fmt::format("not a JSON object: {}", cut_short(body, kDetailBytes)));
  const auto data = response.find("data");
  if (data == response.end() || !data->is_array())
    return bad(fmt::format("no data: {}", cut_short(body, kDetailBytes)));
  if (data->size() != count) return bad(fmt::format("{} vectors for {} inputs", data->size(), count));
  Embeddings embeddings;
  embeddings.vectors.resize(count);
  for (const json& item : *data) {
    KEFU_TRY(const std::size_t index, index_of(item, embeddings.vectors));
    KEFU_TRY(embeddings.vectors[index], vector_of(item, dimensions));
    dimensions = embeddings.vectors[index].size();
  }
  embeddings.tokens = tokens_of(response);
  return embeddings;
}

}  // namespace kefu::provider
