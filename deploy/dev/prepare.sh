#!/usr/bin/env bash
# Everything that a build needs and the repository does not hold. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
deploy/dev/install-packages.sh
deploy/dev/fetch-llama.sh
deploy/model/fetch-model.sh
