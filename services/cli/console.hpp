#pragma once

#include <kefu/base/error.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace kefu::cli {

struct Bar {
  std::string label = {};
  double fraction = 0;
  std::string note = {};
};

/// Where commands print. Results go to `out`; errors and what is only of passing interest, such as a progress
/// bar, to `err`. All text is made printable first.
class Console {
 public:
  /// `width`: columns of the terminal, 0 when there is none (no bar is drawn then). `can_ask`: somebody sits
  /// there to answer questions.
  Console(std::ostream& out, std::ostream& err, std::size_t width, bool can_ask)
      : out_(out), err_(err), width_(width), can_ask_(can_ask) {}

  void line(std::string_view text = {});
  /// Over several lines.
  void json(const nlohmann::json& value);
  /// Without a line end, shown at once.
  void piece(std::string_view text);
  /// A line beside the result, on `err`.
  void note(std::string_view text);
  /// `kefu: <sentence>`
  void error(std::string_view sentence);
  void error(const Error& error) { this->error(error.message); }

  bool interactive() const { return width_ != 0; }
  std::size_t width() const { return width_; }
  bool can_ask() const { return can_ask_; }
  /// Shows a question on `err`; true when the answer begins with y or Y.
  bool confirm(std::string_view question);

  /// Draws a bar in place of what was drawn before; nothing without a terminal.
  void progress(std::string_view label, double fraction, std::string_view note);
  /// The same with several, one below the other.
  void progress(const std::vector<Bar>& bars);
  void clear_progress();

 private:
  std::ostream& out_;
  std::ostream& err_;
  std::size_t width_;
  bool can_ask_;
  std::size_t lines_shown_ = 0;  ///< of bars
};

}  // namespace kefu::cli
