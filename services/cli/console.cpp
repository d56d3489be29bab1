#include "console.hpp"

#include "display_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <string>

namespace kefu::cli {
namespace {

std::string bar_text(const Bar& bar) {
  constexpr std::size_t kBar = 24;
  const auto filled = static_cast<std::size_t>(std::clamp(bar.fraction, 0.0, 1.0) * kBar);
  return fmt::format("{} [{}{}] {}", pad_right(fit(printable(bar.label), 42), 16), std::string(filled, '#'),
                     std::string(kBar - filled, '.'), one_line(bar.note));
}

}  // namespace

void Console::line(std::string_view text) {
  clear_progress();
  out_ << printable(text) << '\n' << std::flush;
}

void Console::json(const nlohmann::json& value) {
  line(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Console::piece(std::string_view text) { out_ << printable(text) << std::flush; }

void Console::note(std::string_view text) {
  clear_progress();
  err_ << printable(text) << '\n' << std::flush;
}

void Console::error(std::string_view sentence) {
  clear_progress();
  err_ << "kefu: " << printable(sentence) << '\n' << std::flush;
}

bool Console::confirm(std::string_view question) {
  err_ << printable(question) << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer.starts_with('y') || answer.starts_with('Y');
}

void Console::progress(std::string_view label, double fraction, std::string_view note) {
  progress({Bar{std::string(label), fraction, std::string(note)}});
}

void Console::progress(const std::vector<Bar>& bars) {
  if (!interactive() || bars.empty()) return;
  if (lines_shown_ > bars.size()) clear_progress();
  std::string text = lines_shown_ > 1 ? fmt::format("\x1b[{}A", lines_shown_ - 1) : "";
  for (std::size_t i = 0; i < bars.size(); ++i) {
    // "\x1b[K" clears what a longer line before left behind.
    text += fmt::format("{}\r{}\x1b[K", i == 0 ? "" : "\n", fit(bar_text(bars[i]), width_ - 1));
  }
  err_ << text << std::flush;
  lines_shown_ = bars.size();
}

void Console::clear_progress() {
  for (; lines_shown_ > 1; --lines_shown_) err_ << "\r\x1b[K\x1b[A";
  if (lines_shown_ == 1) err_ << "\r\x1b[K" << std::flush;
  lines_shown_ = 0;
}

}  // namespace kefu::cli
