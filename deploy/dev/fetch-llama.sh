#!/usr/bin/env bash
# Puts the sources of llama.cpp into .cache/llama.cpp: those that PyPI's llama-cpp-python carries, pinned by hash because its C
# API moves. Does nothing when they are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=0.3.36   # llama.cpp commit 0c1e57098
sha256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
target=.cache/llama.cpp
stamp=$target/.kefu-$version

[ -e "$stamp" ] && exit 0
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT
echo "fetching llama.cpp (llama-cpp-python $version from PyPI)"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --no-binary llama-cpp-python \
  --dest "$work" "llama-cpp-python==$version" || { echo "could not download llama-cpp-python $version with pip" >&2; exit 1; }
archive=$work/llama_cpp_python-$version.tar.gz
echo "$sha256  $archive" | sha256sum --check --quiet || { echo "llama-cpp-python $version has an unexpected SHA-256" >&2; exit 1; }
rm -rf "$target"; mkdir -p "$target"
tar -xzf "$archive" -C "$target" --strip-components=3 "llama_cpp_python-$version/vendor/llama.cpp"
rm -rf "$target/.git"   # a pointer to a repository that is not here
touch "$stamp"
