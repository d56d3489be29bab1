#include "model_codes.hpp"

#include <algorithm>

namespace kefu::answer {
namespace {

constexpr std::size_t kShortestCode = 4;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
char capital(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// Capitals and digits of a text; what is not ASCII stays, so that nothing grows together across it.
std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '-' && c != ' ') out += capital(c);
  }
  return out;
}

}  // namespace

std::vector<std::string> model_codes(std::string_view question) {
  std::vector<std::string> codes;
  std::string run;
  const auto take = [&] {
    if (run.size() >= kShortestCode && is_letter(run.front()) && std::ranges::any_of(run, is_digit))
      codes.push_back(std::move(run));
    run.clear();
  };
  for (const char c : question) {
    if (is_digit(c) || is_letter(c)) {
      run += capital(c);
    } else if (c != '-') {
      take();
    }
  }
  take();
  return codes;
}

bool lacks_a_code(const kefu::v1::Passage& passage, const std::vector<std::string>& codes) {
  if (codes.empty()) return false;
  std::string all;
  for (const std::string* part :
       {&passage.title(), &passage.heading(), &passage.text(), &passage.answer(), &passage.document_id()}) {
    all += squeezed(*part);
    all += '\n';
  }
  return std::ranges::any_of(codes, [&](const std::string& code) { return !all.contains(code); });
}

}  // namespace kefu::answer
