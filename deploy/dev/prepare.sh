#!/usr/bin/env bash
# Everything that a build and its tests need and the repository does not hold. Does nothing when it is there. --without-tests leaves
# out what only the tests need: who runs Kefu alone needs no PyPI.
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/dev/install-packages.sh
deploy/dev/fetch-llama.sh
deploy/model/fetch-model.sh
[ "${1:-}" = --without-tests ] || deploy/dev/make-venv.sh
