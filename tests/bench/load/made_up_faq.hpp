#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::bench {

struct MadeUpRow {
  std::string id;
  std::string question;
  std::string answer;
};

/// FAQ rows of a shop with many products, no two with the same question: for measurements of size and speed,
/// where it does not matter what the rows say, but does that they look like rows.
std::vector<MadeUpRow> made_up_faq(std::size_t rows);

/// The same as a CSV file with header.
std::string as_csv(const std::vector<MadeUpRow>& rows);

}  // namespace kefu::bench
