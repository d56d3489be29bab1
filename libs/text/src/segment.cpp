#include "code_points.hpp"
#include "codes.hpp"
#include "english.hpp"
#include "simplified.hpp"

#include <kefu/text/segment.hpp>
#include <kefu/text/utf8.hpp>

#include <unicode/brkiter.h>
#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/utext.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

namespace kefu::text {
namespace {

/// A longer "word" is data, such as base64: its beginning is enough to find it, and keeps the dictionary
/// small.
constexpr std::size_t kLongestTerm = 64;

/// NFKC, case folded, invisible characters dropped, Chinese simplified: what terms are made from.
std::string fold(std::string_view text) {
  static const icu::Normalizer2& folding = [] -> const icu::Normalizer2& {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = icu::Normalizer2::getNFKCCasefoldInstance(status);
    if (U_FAILURE(status) || found == nullptr) throw std::runtime_error("ICU has no data for NFKC_Casefold");
    return *found;
  }();
  std::string out;
  out.reserve(text.size());
  icu::StringByteSink<std::string> sink(&out);
  UErrorCode status = U_ZERO_ERROR;
  folding.normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), sink,
                        nullptr, status);
  if (U_FAILURE(status)) throw std::runtime_error("ICU could not fold a text");
  fold_to_simplified(out);
  return out;
}

/// Word boundaries, one iterator for each thread: making one reads ICU's rules and takes longer than most
/// questions.
icu::BreakIterator& word_boundaries() {
  thread_local const std::unique_ptr<icu::BreakIterator> iterator = [] {
    UErrorCode status = U_ZERO_ERROR;
    std::unique_ptr<icu::BreakIterator> made(
        icu::BreakIterator::createWordInstance(icu::Locale::getRoot(), status));
    if (U_FAILURE(status) || made == nullptr) throw std::runtime_error("ICU has no data for word boundaries");
    return made;
  }();
  return *iterator;
}

/// Walks over a folded text and collects its terms.
class TermCollector {
 public:
  explicit TermCollector(std::string_view text) : text_(text) {}

  std::vector<std::string> collect() {
    while (position_ < text_.size()) {
      const UChar32 c = code_point_at(text_, position_);
      if (is_cjk(c)) {
        take_cjk_run();
      } else if (is_ascii_alnum(c)) {
        take_code_or_word();
      } else if (is_word(c)) {
        take_words_of_other_scripts();
      } else {
        next_code_point(text_, position_);
      }
    }
    return std::move(terms_);
  }

 private:
  void emit(std::string_view term) { terms_.emplace_back(truncate_utf8(term, kLongestTerm)); }

  void take_cjk_run() {
    const std::size_t begin = position_;
    std::size_t previous = begin;  // where the character before the present one begins
    next_code_point(text_, position_);
    bool single = true;
    while (is_cjk(code_point_at(text_, position_))) {
      const std::size_t current = position_;
      next_code_point(text_, position_);
      emit(text_.substr(previous, position_ - previous));
      previous = current;
      single = false;
    }
    if (single) emit(text_.substr(begin, position_ - begin));
  }

  /// From `from`, the end of ASCII letters and digits; `other` is set when letters of another script follow.
  std::size_t end_of_piece(std::size_t from) const {
    while (from < text_.size() && is_ascii_alnum(static_cast<unsigned char>(text_[from]))) ++from;
    return from;
  }

  void take_code_or_word() {
    const std::size_t begin = position_;
    const std::size_t first_end = end_of_piece(begin);
    if (is_word(code_point_at(text_, first_end))) return take_words_of_other_scripts();  // "café"
    std::size_t end = first_end;
    bool has_digit = false;
    while (true) {
      for (std::size_t i = position_; i < end; ++i) has_digit = has_digit || is_ascii_digit(text_[i]);
      position_ = end;
      const bool joined = end + 1 < text_.size() &&
                          (text_[end] == '-' || text_[end] == '_' || text_[end] == '.') &&
                          is_ascii_alnum(static_cast<unsigned char>(text_[end + 1]));
      if (!joined) break;
      end = end_of_piece(end + 1);
    }
    if (!has_digit) {  // "e-mail", "www.a.com": words that only stand together
      position_ = first_end;
      return take_word(begin, first_end);
    }
    take_thousands();
    std::string code(text_.substr(begin, position_ - begin));
    std::erase(code, ',');
    if (code.size() > kLongestTerm) return emit(code);
    for (const std::string& term : code_terms(code)) emit(term);
  }

  /// "1,000" is the number 1000.
  void take_thousands() {
    while (position_ + 3 < text_.size() && text_[position_] == ',' && is_ascii_digit(text_[position_ - 1]) &&
           end_of_piece(position_ + 1) == position_ + 4 &&
           std::ranges::all_of(text_.substr(position_ + 1, 3), [](char c) { return is_ascii_digit(c); })) {
      position_ += 4;
    }
  }

  void take_word(std::size_t begin, std::size_t end) {
    std::string word(text_.substr(begin, end - begin));
    append_contraction(word);
    cut_english_ending(word);
    emit(word);
  }

  /// "customer's" is "customer", "don't" is "dont"; with ' as with ’.
  void append_contraction(std::string& word) {
    std::size_t after = position_;
    const UChar32 mark = after < text_.size() ? next_code_point(text_, after) : -1;
    if (mark != '\'' && mark != 0x2019) return;
    const std::size_t end = end_of_piece(after);
    const std::string_view rest = text_.substr(after, end - after);
    if (rest.empty() || std::ranges::any_of(rest, [](char c) { return is_ascii_digit(c); })) return;
    position_ = end;
    if (rest != "s") word += rest;
  }

  void take_words_of_other_scripts() {
    const std::size_t begin = position_;
    while (is_word(code_point_at(text_, position_))) next_code_point(text_, position_);
    const std::string_view run = text_.substr(begin, position_ - begin);
    UErrorCode status = U_ZERO_ERROR;
    const std::unique_ptr<UText, decltype(&utext_close)> view(
        utext_openUTF8(nullptr, run.data(), static_cast<std::int64_t>(run.size()), &status), &utext_close);
    icu::BreakIterator& words = word_boundaries();
    words.setText(view.get(), status);
    if (U_FAILURE(status)) throw std::runtime_error("ICU could not read a text");
    for (std::int32_t from = words.first(), to = words.next(); to != icu::BreakIterator::DONE;
         from = to, to = words.next()) {
      emit(run.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
    }
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::vector<std::string> terms_;
};

}  // namespace

std::vector<std::string> lexical_terms(std::string_view utf8) {
  const std::string folded = fold(utf8);
  return TermCollector(folded).collect();
}

}  // namespace kefu::text
