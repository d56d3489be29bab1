#include "console.hpp"

#include "display_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <iostream>
#include <string>

namespace kefu::cli {

void Console::line(std::string_view text) {
  clear_progress();
  out_ << printable(text) << '\n' << std::flush;
}

void Console::json(const nlohmann::json& value) {
  line(value.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void Console::piece(std::string_view text) { out_ << printable(text) << std::flush; }

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
  if (!interactive()) return;
  constexpr std::size_t kBar = 24;
  const auto filled = static_cast<std::size_t>(std::clamp(fraction, 0.0, 1.0) * kBar);
  const std::string text =
      fmt::format("{} [{}{}] {}", pad_right(fit(one_line(label), 30), 16), std::string(filled, '#'),
                  std::string(kBar - filled, '.'), one_line(note));
  // "\x1b[K" clears what a longer line before left behind.
  err_ << '\r' << fit(text, width_ - 1) << "\x1b[K" << std::flush;
  progress_shown_ = true;
}

void Console::clear_progress() {
  if (!progress_shown_) return;
  err_ << "\r\x1b[K" << std::flush;
  progress_shown_ = false;
}

}  // namespace kefu::cli
