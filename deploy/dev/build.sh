#!/usr/bin/env bash
# build.sh PRESET [TARGET...]: configures build/PRESET where that has not been done and builds the targets, or everything.
set -euo pipefail
cd "$(dirname "$0")/../.."

preset=${1:?usage: build.sh PRESET [TARGET...]}
shift

# A translation unit of coroutine code takes up to 2 GB.
cores=$(nproc)
by_memory=$(($(awk '/^MemAvailable/ {print $2}' /proc/meminfo) / (2 * 1024 * 1024)))
jobs=$((by_memory < cores ? by_memory : cores))
[ "$jobs" -ge 1 ] || jobs=1

if [ ! -f "build/$preset/build.ninja" ]; then
  mkdir -p "build/$preset"
  cmake --preset "$preset" >"build/$preset/configure.log" 2>&1 || {
    tail -n 30 "build/$preset/configure.log" >&2
    echo "cmake could not configure the preset $preset; its output is in build/$preset/configure.log." >&2
    exit 1
  }
fi
exec ninja -C "build/$preset" -j "${KEFU_BUILD_JOBS:-$jobs}" "$@"
