#pragma once

#include "load/made_up_faq.hpp"
#include "load/measurement.hpp"
#include "system.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace kefu::bench {

/// Kefu as processes of this machine, with one knowledge base of made-up FAQ rows.
class LoadedSystem {
 public:
  static constexpr const char* kKnowledgeBase = "made-up";

  explicit LoadedSystem(std::size_t rows) : rows_(made_up_faq(rows)) {}

  const std::vector<MadeUpRow>& rows() const { return rows_; }
  std::string ask_url() const { return system_.api_url() + "/v1/ask"; }
  testing::System& system() { return system_; }

  /// Uploads the rows and waits until they can be found; returns how long that took.
  Clock::duration import_rows();
  /// Of texts, one after the other, by way of /v1/embeddings.
  std::vector<float> vectors_of(const std::vector<std::string>& texts, const std::string& input_type);
  /// Resident and proportional memory of each service, as lines of a table; returns the resident sum.
  double print_memory();
  /// Ends a service and starts it again; returns the time until /readyz says so.
  Clock::duration restart(const std::string& service);

 private:
  std::vector<MadeUpRow> rows_;
  testing::System system_;
};

}  // namespace kefu::bench
