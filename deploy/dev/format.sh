#!/usr/bin/env bash
# Formats all C++ files; with --check only names those whose format differs, and fails.
set -euo pipefail
cd "$(dirname "$0")/../.."

mapfile -t files < <(git ls-files --cached --others --exclude-standard -- '*.cpp' '*.hpp' | while read -r f; do [ ! -f "$f" ] || echo "$f"; done)
if [ "${1:-}" != --check ]; then
  clang-format-19 -i "${files[@]}"
  exit 0
fi
differing=()
for file in "${files[@]}"; do
  clang-format-19 --dry-run -Werror "$file" >/dev/null 2>&1 || differing+=("$file")
done
if [ ${#differing[@]} -gt 0 ]; then
  printf 'not formatted: %s\n' "${differing[@]}" >&2
  echo "\"make format\" formats them." >&2
  exit 1
fi
echo "format: ${#files[@]} files checked"
