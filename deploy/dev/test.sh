#!/usr/bin/env bash
# Builds everything with AddressSanitizer and UBSan, llama-server for the tests included, and runs the tests. FILTER=regex runs
# those whose names match it; KEFU_TEST_REPEAT is for --repeat of ctest.
set -euo pipefail
cd "$(dirname "$0")/../.."
export PATH=$PATH:/usr/sbin  # where Debian has nats-server

deploy/dev/prepare.sh
deploy/dev/build.sh asan all llama-server
exec ctest --test-dir build/asan --parallel 2 --output-on-failure --no-tests=error ${KEFU_TEST_REPEAT:+--repeat "$KEFU_TEST_REPEAT"} \
  ${FILTER:+--tests-regex "$FILTER"}
