#include <kefu/bus/message.hpp>

#include <algorithm>
#include <utility>

namespace kefu::bus {

void Headers::set(std::string name, std::string value) {
  const auto found = std::ranges::find(entries_, name, &std::pair<std::string, std::string>::first);
  if (found != entries_.end()) {
    found->second = std::move(value);
  } else {
    entries_.emplace_back(std::move(name), std::move(value));
  }
}

std::string_view Headers::get(std::string_view name) const {
  const auto found = std::ranges::find(entries_, name, &std::pair<std::string, std::string>::first);
  return found != entries_.end() ? std::string_view(found->second) : std::string_view();
}

}  // namespace kefu::bus
