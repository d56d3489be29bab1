#include "load/python_flow.hpp"

#include <kefu/testing/servers.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace kefu::bench {

PythonFlow::PythonFlow(const Options& options)
    : port_(testing::free_port()), process_(process_options(options)) {
  testing::wait_for_port(port_);
}

testing::Process::Options PythonFlow::process_options(const Options& options) const {
  nlohmann::json rows = nlohmann::json::array();
  for (const MadeUpRow& row : options.rows) {
    rows.push_back({{"id", row.id}, {"question", row.question}, {"answer", row.answer}});
  }
  std::ofstream(folder_.path() / "rows.json") << rows.dump();
  std::ofstream(folder_.path() / "vectors.f32", std::ios::binary)
      .write(reinterpret_cast<const char*>(options.vectors.data()),
             static_cast<std::streamsize>(options.vectors.size() * sizeof(float)));
  return {
      .command = {options.python, "-m", "uvicorn", "app:app", "--app-dir", KEFU_PYTHON_FLOW, "--host",
                  "127.0.0.1", "--port", std::to_string(port_), "--no-access-log", "--log-level", "warning"},
      .environment = {{"KEFU_FLOW_FOLDER", folder_.path()}, {"KEFU_FLOW_REDIS", options.redis_url}},
      .output = folder_.path() / "log"};
}

std::string PythonFlow::url() const { return fmt::format("http://127.0.0.1:{}", port_); }

}  // namespace kefu::bench
