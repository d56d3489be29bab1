#pragma once

#include "gateway_harness.hpp"

#include <atomic>
#include <cstddef>
#include <set>

namespace kefu::cli {

/// The services behind the gateway, as far as the command needs them. On the thread of the gateway; outlives
/// it.
class Services {
 public:
  void serve_on(gateway::GatewayHarness& gateway);

  std::atomic<bool> hold_jobs = false;  ///< jobs stay in progress
  std::atomic<std::size_t> job_looks = 0;
  std::atomic<std::size_t> questions = 0;
  std::atomic<std::size_t> refusals = 0;  ///< so many of the next asks are too many at once

 private:
  using Method = Task<Result<std::string>> (Services::*)(bus::Message, bus::ReplySink&);

  Task<Result<std::string>> get(bus::Message message, bus::ReplySink&);
  Task<Result<std::string>> put(bus::Message message, bus::ReplySink&);
  Task<Result<std::string>> list(bus::Message, bus::ReplySink&);
  Task<Result<std::string>> remove(bus::Message message, bus::ReplySink&);
  /// The second job fails; the others are done at the second look.
  Task<Result<std::string>> job(bus::Message message, bus::ReplySink&);
  Task<Result<std::string>> jobs(bus::Message, bus::ReplySink&);
  Task<Result<std::string>> cancel(bus::Message message, bus::ReplySink&);
  /// Two documents, on two pages; the second was made by an edit, so there is no file of it.
  Task<Result<std::string>> documents(bus::Message message, bus::ReplySink&);
  /// faq.csv with three rows, on two pages.
  Task<Result<std::string>> document(bus::Message message, bus::ReplySink&);
  /// Refuses what mentions 天气.
  Task<Result<std::string>> ask(bus::Message message, bus::ReplySink& sink);
  /// Finds R03 first for 运费 and second for anything else.
  Task<Result<std::string>> retrieve(bus::Message message, bus::ReplySink&);
  Task<Result<std::string>> embed(bus::Message message, bus::ReplySink&);
  Task<Result<std::string>> model(bus::Message, bus::ReplySink&);

  std::set<std::string> names_;
  std::set<std::uint64_t> seen_;
};

}  // namespace kefu::cli
