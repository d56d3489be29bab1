#pragma once

#include "text_key.hpp"

#include <cstdint>

namespace kefu::embedding::testing {

/// Of a small number, uniform in all its bits as a text's digest is (the finaliser of splitmix64).
inline std::uint64_t uniform_hash(std::uint64_t number) {
  number += 0x9e3779b97f4a7c15;
  number = (number ^ (number >> 30)) * 0xbf58476d1ce4e5b9;
  number = (number ^ (number >> 27)) * 0x94d049bb133111eb;
  return number ^ (number >> 31);
}

inline TextKey key_of(std::uint64_t number) { return {{uniform_hash(number), uniform_hash(~number)}}; }

}  // namespace kefu::embedding::testing
