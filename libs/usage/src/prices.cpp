#include <kefu/usage/money.hpp>
#include <kefu/usage/prices.hpp>

#include <fmt/format.h>

namespace kefu::usage {
namespace {

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

Result<Price> parse_price(std::string_view text) {
  const auto slash = text.find('/');
  Price price;
  KEFU_TRY(price.input_micros, parse_micros(text.substr(0, slash)));
  price.output_micros = price.input_micros;
  if (slash != std::string_view::npos) {
    KEFU_TRY(price.output_micros, parse_micros(text.substr(slash + 1)));
  }
  return price;
}

}  // namespace

Result<Prices> Prices::parse(std::string_view text) {
  Prices prices;
  while (!trimmed(text).empty()) {
    const auto end = text.find(',');
    const std::string_view entry = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    // The last one: `=` may stand in the name of a model, not in a price.
    const auto equals = entry.rfind('=');
    if (equals == std::string_view::npos || equals == 0)
      return fail(Errc::invalid_argument, fmt::format("\"{}\" is not of the form model=price", entry));
    const std::string model(trimmed(entry.substr(0, equals)));
    auto price = parse_price(trimmed(entry.substr(equals + 1)));
    if (!price) return fail(Errc::invalid_argument, fmt::format("of {}: {}", model, price.error().message));
    if (!prices.by_model_.emplace(model, *price).second)
      return fail(Errc::invalid_argument, fmt::format("{} stands twice", model));
  }
  return prices;
}

std::optional<Price> Prices::of(const std::string& model) const {
  const auto found = by_model_.find(model);
  if (found == by_model_.end()) return std::nullopt;
  return found->second;
}

}  // namespace kefu::usage
