#include <kefu/service/log_bugs.hpp>

#include <exception>
#include <string_view>
#include <utility>

namespace kefu::service {

TaskGroup::OnException log_bugs(const telemetry::Logger& log) {
  return [&log](std::exception_ptr exception) {
    try {
      std::rethrow_exception(std::move(exception));
    } catch (const std::exception& error) {
      log.error("a task ended by an exception", {{"error", std::string_view(error.what())}});
    } catch (...) {
      log.error("a task ended by an exception of an unknown kind");
    }
  };
}

}  // namespace kefu::service
