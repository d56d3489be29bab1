#!/usr/bin/env bash
# fetch-gguf.sh URL SHA256: puts a GGUF model into .cache/models under the name that the URL ends with, and prints its path. A file
# whose SHA-256 is another one is not kept. Does nothing when it is there.
set -euo pipefail
[ $# -eq 2 ] || { echo "usage: $0 URL SHA256" >&2; exit 2; }
cd "$(dirname "$0")/../.."

url=$1
sha256=$2
name=$(basename "${url%%\?*}")
[[ $name == *.gguf ]] || { echo "$url does not end with the name of a .gguf file" >&2; exit 2; }
[[ $sha256 =~ ^[0-9a-f]{64}$ ]] || { echo "$sha256 is not a SHA-256: 64 digits and small letters a to f" >&2; exit 2; }
model=$PWD/.cache/models/$name
is_right() { echo "$sha256  $1" | sha256sum --check --status; }

if [ ! -e "$model" ] || ! is_right "$model"; then
  mkdir -p "$(dirname "$model")"
  # A whole one that could not be moved: a server refuses to go on behind its end.
  if ! { [ -e "$model.part" ] && is_right "$model.part"; }; then
    echo "fetching $name" >&2
    curl --fail --location --silent --show-error --retry 3 --continue-at - --output "$model.part" "$url" \
      || { echo "could not fetch $url" >&2; exit 1; }
  fi
  is_right "$model.part" || { rm -f "$model.part"; echo "$name has another SHA-256 than $sha256" >&2; exit 1; }
  mv "$model.part" "$model"
fi
echo "$model"
