#include "load/loaded_system.hpp"

#include "load/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace kefu::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kTextsOfARequest = 128;

}  // namespace

Clock::duration LoadedSystem::import_rows() {
  system_.json("PUT", fmt::format("/v1/kbs/{}", kKnowledgeBase), nlohmann::json::object());
  const std::string file = as_csv(rows_);
  const auto began = Clock::now();
  const auto job = system_.wait_for_job(system_.upload(kKnowledgeBase, "faq.csv", "text/csv", file), 1200s);
  if (job.at("state") != "done") throw std::runtime_error("the import failed: " + job.dump());
  return Clock::now() - began;
}

std::vector<float> LoadedSystem::vectors_of(const std::vector<std::string>& texts,
                                            const std::string& input_type) {
  const std::string model = system_.json("GET", "/v1/models").at("data").back().at("id");
  std::vector<float> out;
  for (std::size_t begin = 0; begin < texts.size(); begin += kTextsOfARequest) {
    const auto end =
        texts.begin() + static_cast<std::ptrdiff_t>(std::min(texts.size(), begin + kTextsOfARequest));
    const std::vector<std::string> input(texts.begin() + static_cast<std::ptrdiff_t>(begin), end);
    const auto answer = system_.json("POST", "/v1/embeddings",
                                     {{"model", model}, {"input", input}, {"input_type", input_type}});
    for (const auto& each : answer.at("data")) {
      const auto vector = each.at("embedding").get<std::vector<float>>();
      out.insert(out.end(), vector.begin(), vector.end());
    }
  }
  return out;
}

double LoadedSystem::print_memory() {
  double sum = 0;
  double proportional = 0;
  for (const std::string& service : testing::System::service_names()) {
    const ProcessMemory memory = memory_of(system_.pid(service));
    sum += memory.resident_mb;
    proportional += memory.proportional_mb;
    fmt::print("  {:<12} {:>6.0f} MB resident, {:>6.0f} MB with shared pages divided\n", service,
               memory.resident_mb, memory.proportional_mb);
  }
  fmt::print("  {:<12} {:>6.0f} MB resident, {:>6.0f} MB with shared pages divided\n", "together", sum,
             proportional);
  return sum;
}

Clock::duration LoadedSystem::restart(const std::string& service) {
  if (system_.terminate(service) != 0) throw std::runtime_error(service + " did not end well");
  const auto began = Clock::now();
  system_.start(service);
  const std::string url = system_.admin_url(service) + "/readyz";
  while (system_.get(url).status != 200) {
    if (Clock::now() - began > 60s) throw std::runtime_error(service + " is not ready again");
    std::this_thread::sleep_for(2ms);
  }
  return Clock::now() - began;
}

}  // namespace kefu::bench
