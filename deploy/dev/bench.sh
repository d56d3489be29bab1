#!/usr/bin/env bash
# Builds the benchmarks with optimisation and runs them one after the other.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin  # where Debian has nats-server

deploy/dev/prepare.sh
deploy/dev/build.sh bench all
shopt -s nullglob
benches=(build/bench/bin/kefu_*_bench)
if [ ${#benches[@]} -eq 0 ]; then
  echo "There is no benchmark in tests/bench yet."
  exit 0
fi
for bench in "${benches[@]}"; do
  echo "== $(basename "$bench")"
  "$bench"
done
