#pragma once

#include "load/made_up_faq.hpp"

#include <kefu/testing/process.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace kefu::bench {

/// python_flow/app.py as a process: the same question in a web framework, one process, nothing durable.
class PythonFlow {
 public:
  struct Options {
    std::string python;     ///< an interpreter with the packages of python_flow/requirements*.txt
    std::string redis_url;  ///< holds the questions' vectors
    const std::vector<MadeUpRow>& rows;
    const std::vector<float>& vectors;  ///< of the rows, one after the other
  };
  /// Returns when it answers; throws std::runtime_error when it does not begin to within half a minute.
  explicit PythonFlow(const Options& options);

  std::string url() const;
  pid_t pid() const { return process_.pid(); }
  /// The Redis key under which it looks for the vector of a question.
  static std::string cache_key(const std::string& question) { return "q:" + question; }

 private:
  testing::Process::Options process_options(const Options& options) const;

  testing::TemporaryDirectory folder_;
  std::uint16_t port_;
  testing::Process process_;
};

}  // namespace kefu::bench
