#!/usr/bin/env bash
# Makes .cache/venv with the Python packages of the tests. Does nothing while requirements.txt is the one that it was made from.
set -euo pipefail
cd "$(dirname "$0")/../.."

requirements=deploy/dev/requirements.txt
venv=.cache/venv
wanted=$(sha256sum <"$requirements")
[ -x "$venv/bin/python" ] && [ "$(cat "$venv/requirements.sha256" 2>/dev/null || true)" = "$wanted" ] && exit 0

mkdir -p .cache
log=$PWD/.cache/pip.log
echo "making $venv with the Python packages of the tests"
rm -rf "$venv"
python3 -m venv "$venv"
if ! "$venv/bin/python" -m pip install --disable-pip-version-check --retries 3 --requirement "$requirements" >"$log" 2>&1; then
  echo "pip could not install $requirements: is PyPI, or the index that pip is set to, reachable? Its output is in $log." >&2
  exit 1
fi
echo "$wanted" >"$venv/requirements.sha256"
