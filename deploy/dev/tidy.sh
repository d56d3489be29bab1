#!/usr/bin/env bash
# Runs clang-tidy on the .cpp files changed lately, those changed last first, until the time is up. It needs a built preset asan:
# generated headers and the precompiled header. Settings, as environment variables:
#   KEFU_TIDY_SINCE    a commit: what changed after it (default: the newest commit 12 hours older than the last one; with no such
#                      commit, everything)
#   KEFU_TIDY_MINUTES  no file is begun after so many minutes (default 10)
set -euo pipefail
cd "$(dirname "$0")/../.."

since=${KEFU_TIDY_SINCE:-$(git rev-list -1 --before="$(($(git show -s --format=%ct HEAD) - 12 * 3600))" HEAD)}
range=${since:+$since..}HEAD
mapfile -t files < <(
  { git diff --name-only HEAD -- '*.cpp'; git log --format= --name-only "$range" -- '*.cpp'; } |
    awk '!seen[$0]++' | grep -E '^(libs|proto/src|services)/' | while read -r file; do [ ! -f "$file" ] || echo "$file"; done
)
if [ ${#files[@]} -eq 0 ]; then
  echo "clang-tidy: no file changed"
  exit 0
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
KEFU_TIDY_END=$(($(date +%s) + 60 * ${KEFU_TIDY_MINUTES:-10}))
export KEFU_TIDY_END results
printf '%s\n' "${files[@]}" | xargs --max-procs="$(nproc)" --replace bash -c '
  [ "$(date +%s)" -lt "$KEFU_TIDY_END" ] || exit 0
  output=$results/$(echo "{}" | tr / _)
  if timeout 300 clang-tidy-19 -p build/asan --quiet "{}" >"$output" 2>/dev/null; then mv "$output" "$output.ok"; fi'
checked=$(find "$results" -type f | wc -l)
failed=$(find "$results" -type f ! -name '*.ok' | wc -l)
find "$results" -type f ! -name '*.ok' -exec cat {} + | grep -vE '^[0-9]+ warnings? ' || true
echo "clang-tidy: $checked of ${#files[@]} changed files checked, $failed with findings"
[ "$failed" -eq 0 ]
