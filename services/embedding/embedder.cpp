#include "embedder.hpp"

namespace kefu::embedding {

std::string_view name(Role role) { return role == Role::query ? "query" : "passage"; }

}  // namespace kefu::embedding
