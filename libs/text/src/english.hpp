#pragma once

#include <string>

namespace kefu::text {

/// Cuts the plural and common endings off a lower-case ASCII word, so that "refunds", "refunded" and
/// "refunding" are one term. The result is a key and need not be a word ("exchange" becomes "exchang").
void cut_english_ending(std::string& word);

}  // namespace kefu::text
