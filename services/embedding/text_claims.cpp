#include "text_claims.hpp"

#include <kefu/base/ids.hpp>

#include <algorithm>
#include <utility>

namespace kefu::embedding {
namespace {

/// What a script gets at once: Redis does nothing else meanwhile.
constexpr std::size_t kTextsACall = 256;
/// Texts due within so long are looked for together.
constexpr auto kTogether = std::chrono::milliseconds(2);

/// `items` in pieces of at most kTextsACall.
template <class T>
std::vector<std::vector<T>> divide(std::vector<T> items) {
  std::vector<std::vector<T>> pieces;
  for (T& item : items) {
    if (pieces.empty() || pieces.back().size() == kTextsACall) pieces.emplace_back();
    pieces.back().push_back(std::move(item));
  }
  return pieces;
}

}  // namespace

TextClaims::TextClaims(asio::any_io_executor executor, redis::Claims& claims, const ClaimMetrics& metrics,
                       ClaimOptions options, Events events)
    : claims_(claims),
      metrics_(metrics),
      options_(options),
      events_(std::move(events)),
      token_(random_id()),
      waiting_changed_(executor),
      held_changed_(std::move(executor)) {}

Task<std::vector<MissingText>> TextClaims::take(std::vector<MissingText> texts) {
  std::vector<MissingText> mine;
  for (std::vector<MissingText>& piece : divide(std::move(texts))) {
    const std::vector<Answer> answers = co_await ask(piece);
    for (std::size_t i = 0; i < piece.size(); ++i) {
      switch (answers[i]) {
        case Answer::mine:
          metrics_.won.add();
          mine.push_back(std::move(piece[i]));
          break;
        case Answer::failed:
          metrics_.failed.add();
          mine.push_back(std::move(piece[i]));
          break;
        case Answer::found:
          metrics_.waited.add();
          break;
        case Answer::theirs:
          metrics_.waited.add();
          wait_for(std::move(piece[i]));
          break;
      }
    }
  }
  co_return mine;
}

Task<std::vector<TextClaims::Answer>> TextClaims::ask(std::vector<MissingText> texts) {
  std::vector<redis::Claims::Wanted> wanted;
  wanted.reserve(texts.size());
  for (const MissingText& text : texts) wanted.push_back({text.name, text.job->lane() == Lane::question});
  const auto taken =
      co_await claims_.take(std::move(wanted), token_, options_.time, Deadline::in(options_.timeout));
  std::vector<Answer> answers(texts.size(), Answer::failed);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (taken && taken->size() == texts.size()) answers[i] = answer_of(texts[i], (*taken)[i]);
    // A call that failed may still be carried out, so its claims are given back like others.
    if (answers[i] == Answer::mine || answers[i] == Answer::failed) hold(texts[i]);
  }
  co_return answers;
}

TextClaims::Answer TextClaims::answer_of(const MissingText& text, const redis::Claims::Taken& taken) const {
  if (taken.held) return Answer::mine;
  if (!taken.value) return stopping_ ? Answer::failed : Answer::theirs;  // nobody looks again after watch()
  return events_.found(text, *taken.value) ? Answer::found : Answer::failed;
}

void TextClaims::hold(const MissingText& text) {
  const bool first = held_.empty();
  held_.insert_or_assign(text.name, text.job);
  if (first) held_changed_.raise();
}

Task<void> TextClaims::release(std::vector<std::string> names) {
  std::erase_if(names, [this](const std::string& name) { return held_.erase(name) == 0; });
  if (stopping_ && held_.empty()) held_changed_.raise();
  for (std::vector<std::string>& piece : divide(std::move(names)))
    (void)co_await claims_.release(std::move(piece), token_, Deadline::in(options_.timeout));
}

void TextClaims::wait_for(MissingText text) {
  waiting_.push_back({.text = std::move(text),
                      .pause = options_.first_pause,
                      .due = Deadline::Clock::now() + options_.first_pause});
  waiting_changed_.raise();
}

Task<void> TextClaims::watch() {
  while (true) {
    give_up_unwanted();
    if (waiting_.empty()) {
      if (stopping_) co_return;
      co_await waiting_changed_.wait();
      continue;
    }
    std::vector<Waiting> due = take_due();
    if (due.empty()) {
      const auto next = std::ranges::min_element(waiting_, {}, &Waiting::due);
      (void)co_await waiting_changed_.wait(Deadline::at(next->due));
      continue;
    }
    co_await look_again(std::move(due));
  }
}

void TextClaims::give_up_unwanted() {
  std::vector<MissingText> given_up;
  std::erase_if(waiting_, [&](Waiting& each) {
    if (each.text.job->wanted()) return false;
    given_up.push_back(std::move(each.text));
    return true;
  });
  for (const MissingText& text : given_up) events_.given_up(text);
}

std::vector<TextClaims::Waiting> TextClaims::take_due() {
  const auto now = Deadline::Clock::now();
  const bool any = std::ranges::any_of(waiting_, [&](const Waiting& each) { return each.due <= now; });
  std::vector<Waiting> due;
  if (!any) return due;
  std::erase_if(waiting_, [&](Waiting& each) {
    if (each.due > now + kTogether || due.size() == kTextsACall) return false;
    due.push_back(std::move(each));
    return true;
  });
  return due;
}

Task<void> TextClaims::look_again(std::vector<Waiting> due) {
  std::vector<MissingText> texts;
  for (const Waiting& each : due) texts.push_back(each.text);
  const std::vector<Answer> answers = co_await ask(std::move(texts));
  std::vector<MissingText> mine;
  const auto now = Deadline::Clock::now();
  for (std::size_t i = 0; i < due.size(); ++i) {
    switch (answers[i]) {
      case Answer::mine:
        metrics_.expired.add();
        mine.push_back(std::move(due[i].text));
        break;
      case Answer::failed:
        metrics_.failed.add();
        mine.push_back(std::move(due[i].text));
        break;
      case Answer::found:
        break;
      case Answer::theirs:
        due[i].pause = std::min(due[i].pause * 3 / 2, options_.longest_pause);
        due[i].due = now + due[i].pause;
        waiting_.push_back(std::move(due[i]));
        break;
    }
  }
  if (!mine.empty()) events_.compute(std::move(mine));
}

Task<void> TextClaims::renew() {
  while (true) {
    if (held_.empty()) {
      if (stopping_) co_return;
      co_await held_changed_.wait();
      continue;
    }
    // It is raised only after nothing was held, so what is held for long is renewed.
    if (co_await held_changed_.wait(Deadline::in(options_.renew_every))) continue;
    co_await renew_all();
  }
}

/// What nobody waits for any more ends by itself. What another replica has taken meanwhile is computed twice.
Task<void> TextClaims::renew_all() {
  std::vector<MissingText> texts;
  for (const auto& [name, job] : held_) {
    if (job->wanted()) texts.push_back({.job = job, .name = name});
  }
  for (std::vector<MissingText>& piece : divide(std::move(texts))) {
    std::vector<redis::Claims::Wanted> wanted;
    for (const MissingText& text : piece) {
      if (held_.contains(text.name)) wanted.push_back({text.name, text.job->lane() == Lane::question});
    }
    (void)co_await claims_.take(std::move(wanted), token_, options_.time, Deadline::in(options_.timeout));
  }
}

void TextClaims::stop() {
  stopping_ = true;
  waiting_changed_.raise();
  held_changed_.raise();
}

}  // namespace kefu::embedding
