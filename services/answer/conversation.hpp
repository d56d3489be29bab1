#pragma once

#include "kefu/v1/ask.pb.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

/// What was said before a question, and what that means for it. Pure.
namespace kefu::answer {

/// Oldest first.
using Turns = std::vector<kefu::v1::Turn>;

kefu::v1::Turn turn(kefu::v1::Turn::Role role, std::string_view text);

/// The newest turns, normalised: at most `max_turns`, each cut to `max_characters`; empty ones and those that
/// are not UTF-8 are left out.
Turns recent(const Turns& turns, std::size_t max_turns, std::size_t max_characters);

/// Does a question lean on what was said before ("那要多少钱?", "does it come in red?")? It goes by the words
/// that say so, so a question that leaves them out ("几天?") is not found out.
bool refers_back(std::string_view question);

/// Is a question so short ("几天?", "how long?") that it may lean on what was said before without a word?
bool leaves_words_out(std::string_view question);

/// The customer's last question and this one as one text, for a search without a language model. Just the
/// question where the customer has not asked before.
std::string joined_with_last(const Turns& turns, std::string_view question);

}  // namespace kefu::answer
