#!/usr/bin/env bash
# Stops what run.sh started: SIGTERM to each, which lets it finish what is open. Data stays in .run.
set -euo pipefail
cd "$(dirname "$0")/../.."
source deploy/dev/processes.sh

limit_seconds=${KEFU_STOP_SECONDS:-50}
killed=()

# stop_all NAME...: all at once, then waits for them together.
stop_all() {
  local name pid
  local -A pids=()
  for name in "$@"; do
    pid=$(pid_of "$name")
    [ -n "$pid" ] || { rm -f "$run_dir/$name.pid"; continue; }
    pids[$name]=$pid
    kill -TERM "$pid"
  done
  local end=$((SECONDS + limit_seconds))
  for name in "${!pids[@]}"; do
    while [ -n "$(pid_of "$name")" ] && [ $SECONDS -lt $end ]; do sleep 0.05; done
    if [ -n "$(pid_of "$name")" ]; then
      kill -KILL "${pids[$name]}"
      killed+=("$name")
    fi
    rm -f "$run_dir/$name.pid"
    say "stopped $name"
  done
}

if [ -z "$(running)" ]; then
  rm -f "$run_dir"/*.pid
  say "Kefu is not running."
  exit 0
fi
stop_all kefu-gateway
stop_all kefu-answer kefu-ingest
stop_all kefu-embedding kefu-index
stop_all redis-server
stop_all nats-server
if [ ${#killed[@]} -gt 0 ]; then
  say "Killed after $limit_seconds s without an end: ${killed[*]}; see $log_dir." >&2
  exit 1
fi
say "Kefu is stopped; its data is in .run, and \"make run\" starts it again."
