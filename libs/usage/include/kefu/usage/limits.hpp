#pragma once

#include <kefu/usage/totals.hpp>

#include <string>

namespace kefu::usage {

/// Ordered: the worse is the greater.
enum class Level {
  free,     ///< there is no budget, or enough is left
  near,     ///< over the soft limit
  used_up,  ///< nothing new may be computed
};

struct Standing {
  Level level = Level::free;
  std::string reason = {};  ///< a sentence for callers where the level is `used_up`
};

/// How `budget`, which may be the one for each, stands for the knowledge base or key of this name.
Standing standing_of(const kefu::v1::Budget& budget, const std::string& name, const Totals& totals,
                     Day today);

/// `knowledge base "shop"`, `API key 5f0c2a9be1d84c06`.
std::string named(Scope scope, const std::string& name);

}  // namespace kefu::usage
