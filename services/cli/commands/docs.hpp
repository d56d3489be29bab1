#pragma once

#include "api_client.hpp"
#include "console.hpp"
#include "interrupt.hpp"

#include <kefu/async/task.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace kefu::cli {

struct DocsOptions {
  std::string kb;
  std::string filename;
  std::size_t limit = 20;  ///< rows; 0: all
  bool json = false;
};

/// `kefu docs list`: the documents of a knowledge base, all of them.
Task<int> list_documents(DocsOptions options, ApiClient& api, Console& console);
/// `kefu docs show`: a document with its rows.
Task<int> show_document(DocsOptions options, ApiClient& api, Console& console);

struct RowOptions {
  std::string kb;
  std::string filename;
  std::uint64_t row = 0;
  nlohmann::json fields = nlohmann::json::object();  ///< as the API takes them
  std::uint64_t version = 0;                         ///< that the document must have; 0: any
  bool wait = true;
  bool json = false;
};

/// `kefu docs edit-row`, `add-row`, `remove-row`: a new version of the document, whose other rows cost
/// nothing.
Task<int> edit_row(RowOptions options, ApiClient& api, Console& console, Interrupt& interrupt);
Task<int> add_row(RowOptions options, ApiClient& api, Console& console, Interrupt& interrupt);
Task<int> remove_row(RowOptions options, ApiClient& api, Console& console, Interrupt& interrupt);

}  // namespace kefu::cli
