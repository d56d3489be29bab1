#pragma once

#include <optional>
#include <string>

namespace kefu::gateway {

/// Whether only this machine reaches the address; nullopt for what is no IP address.
std::optional<bool> is_loopback(const std::string& address);

}  // namespace kefu::gateway
