#pragma once

#include <compare>
#include <string>

namespace kefu::usage {

/// For whom something is computed. Either may be empty: texts of /v1/embeddings belong to no knowledge base,
/// and where nobody is asked for an API key there is none.
struct Payer {
  std::string kb;   ///< name of the knowledge base
  std::string key;  ///< id of the API key

  auto operator<=>(const Payer&) const = default;
};

}  // namespace kefu::usage
