#!/usr/bin/env bash
# Installs the Debian 12 packages that building, testing and running need. Does nothing when they are there.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(
  # toolchain
  clang-19 clang-tidy-19 clang-format-19 lld-19 llvm-19 libclang-rt-19-dev libc6-dev libstdc++-12-dev binutils
  cmake ninja-build ccache make git pkg-config
  # libraries of the product
  libboost1.81-dev libnats-dev libhiredis-dev libfmt-dev prometheus-cpp-dev nlohmann-json3-dev libprotobuf-dev protobuf-compiler
  libssl-dev libcli11-dev libicu-dev libsqlite3-dev zlib1g-dev
  # tests and benchmarks
  libgtest-dev libgmock-dev libbenchmark-dev openssl
  # servers, and what the scripts themselves call
  nats-server redis-server python3 python3-pip python3-venv ca-certificates curl jq procps
)

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Packages are missing and this is neither root nor has sudo; as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

mkdir -p .cache
log=$PWD/.cache/apt.log
apt_get() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >>"$log" 2>&1
}
: >"$log"
echo "installing ${#missing[@]} packages: ${missing[*]}"
# An unreachable list of some other repository must not stop us: whether ours can be installed is what counts.
apt_get update || true
if ! apt_get install --yes --no-install-recommends "${missing[@]}"; then
  echo "apt-get could not install the packages ($(grep -m1 '^E: ' "$log" || echo 'no reason given')); its output is in $log." >&2
  exit 1
fi
