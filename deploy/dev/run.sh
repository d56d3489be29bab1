#!/usr/bin/env bash
# Builds what is missing, starts Kefu on this machine, imports the sample knowledge base and asks three questions.
# Settings, as environment variables:
#   KEFU_LISTEN_PORT (8080)      the HTTP API
#   KEFU_NATS_PORT (4222), KEFU_REDIS_PORT (6379)
#   KEFU_ADMIN_PORT_BASE (9101)  /readyz and /metrics of the five services, in the order of `services` in processes.sh
#   KEFU_MODEL                   the embedding model, a GGUF file; docs/embedding-models.md has others than the default
# All but the first give way to other free ports when they are occupied and were not set.
# Each service also takes its own settings from the environment: kefu-answer --help.
set -euo pipefail
cd "$(dirname "$0")/../.."
source deploy/dev/processes.sh

bin=$PWD/build/release/bin
model=${KEFU_MODEL:-$PWD/.cache/models/multilingual-e5-small-q4_0.gguf}
sample=(deploy/sample/shop/*)
questions=("买了一周的鞋子还能退吗?" "运费谁出?" "户外电源能带着坐飞机吗?")

was_running=$(running)
started=()
declare -A admin_port=()

# fail SENTENCE [NAME of the process whose log tells more]
fail() {
  say "$1" >&2
  if [ $# -gt 1 ] && [ -s "$log_dir/$2.log" ]; then
    say "The last lines of .run/log/$2.log:" >&2
    tail -n 15 "$log_dir/$2.log" | sed 's/^/  /' >&2
  fi
  if [ ${#started[@]} -gt 0 ] && [ -z "$was_running" ]; then
    deploy/dev/stop.sh >/dev/null 2>&1 || true
    say "Everything that had been started is stopped again." >&2
  fi
  exit 1
}
trap 'fail "Interrupted."' INT TERM

build() {
  say "2/5 Building (minutes at the first time, seconds afterwards)"
  deploy/dev/build.sh release "${services[@]}" kefu || fail "The build failed; the compiler's messages are above."
}

is_port() { [[ $1 =~ ^[0-9]{1,5}$ ]] && [ "$1" -ge 1 ] && [ "$1" -le 65535 ]; }

# choose_port VARIABLE DEFAULT NAME FILE [movable]: the port that NAME has while it runs, or else takes: the one of VARIABLE or the
# default. A movable one takes the port that it had last, and when that is occupied and was not asked for, another.
choose_port() {
  local variable=$1 default=$2 name=$3 file=$run_dir/$4.port wanted port owner last
  last=$(cat "$file" 2>/dev/null || true)
  if [ -n "${!variable:-}" ] && ! is_port "${!variable}"; then
    say "$variable=${!variable} is not a port: it is a number from 1 to 65535." >&2
    return 1
  fi
  if [ -n "$(pid_of "$name")" ]; then
    if [ "${!variable:-$last}" != "$last" ]; then
      say "$name is up already, on port $last: \"make stop\" first to move it." >&2
      return 1
    fi
    echo "$last"
    return
  fi
  wanted=$default
  [ -z "${5:-}" ] || ! is_port "$last" || wanted=$last
  wanted=${!variable:-$wanted}
  local candidates=("$wanted")
  [ -z "${5:-}" ] || [ -n "${!variable:-}" ] || candidates+=($((wanted + 10000)) $((wanted + 20000)))
  for port in "${candidates[@]}"; do
    if ! owner=$(python3 deploy/dev/port-owner.py "$port"); then
      echo "$port" | tee "$file"
      return
    fi
    say "Port $port for $name is taken by $owner." >&2
  done
  say "Choose another one: $variable=$((wanted + 11)) make run" >&2
  return 1
}

choose_ports() {
  local name next=${KEFU_ADMIN_PORT_BASE:-9101} admin_port_of_service
  port=$(choose_port KEFU_LISTEN_PORT 8080 kefu-gateway kefu-gateway) || exit 1
  nats_port=$(choose_port KEFU_NATS_PORT 4222 nats-server nats-server movable) || exit 1
  redis_port=$(choose_port KEFU_REDIS_PORT 6379 redis-server redis-server movable) || exit 1
  for name in "${services[@]}"; do
    [ -z "${KEFU_ADMIN_PORT_BASE:-}" ] || admin_port_of_service=$next
    admin_port[$name]=$(choose_port admin_port_of_service "$next" "$name" "$name-admin" movable) || exit 1
    next=$((next + 1))
  done
}

# start NAME COMMAND...: in .run, in a session of its own, so that it outlives this terminal.
start() {
  local name=$1
  shift
  [ -z "$(pid_of "$name")" ] || return 0
  [ ! -f "$log_dir/$name.log" ] || mv -f "$log_dir/$name.log" "$log_dir/$name.log.1"
  (cd "$run_dir" && exec setsid "$@" </dev/null >"$log_dir/$name.log" 2>&1) &
  echo $! >"$run_dir/$name.pid"
  started+=("$name")
}

# wait_for NAME URL|PORT: until it answers; says so at once when the process is gone.
wait_for() {
  local name=$1 where=$2 end=$((SECONDS + 60))
  while [ $SECONDS -lt $end ]; do
    [ -d "/proc/$(cat "$run_dir/$name.pid")" ] || fail "$name ended while it started." "$name"
    if [[ $where = http* ]]; then
      ! curl --silent --fail --max-time 2 --output /dev/null "$where" || return 0
    elif (exec 3<>"/dev/tcp/127.0.0.1/$where") 2>/dev/null; then
      return 0
    fi
    sleep 0.1
  done
  fail "$name is not ready after 60 s: $(curl --silent --max-time 2 "$where" | head -c 300 || true)" "$name"
}

start_servers() {
  cat >"$run_dir/nats.conf" <<END
listen: "127.0.0.1:$nats_port"
# The server adds up the streams' limits (26 GB) and by default refuses a stream beyond three quarters of the free disk. They are
# upper bounds that a laptop never reaches.
jetstream { store_dir: "$run_dir/nats", max_file_store: 1TB }
END
  start nats-server nats-server --config "$run_dir/nats.conf"
  start redis-server redis-server --bind 127.0.0.1 --port "$redis_port" --dir "$run_dir" --save "" --appendonly no \
    --maxmemory 256mb --maxmemory-policy allkeys-lru
  wait_for nats-server "$nats_port"
  wait_for redis-server "$redis_port"
}

# start_service NAME FLAG...
start_service() {
  local name=$1
  shift
  start "$name" "$bin/$name" --nats-url "nats://127.0.0.1:$nats_port" --admin-port "${admin_port[$name]}" "$@"
}

start_services() {
  local name redis_url=redis://127.0.0.1:$redis_port
  start_service kefu-embedding --model "$model" --redis-url "$redis_url"
  start_service kefu-index --data-dir "$run_dir/index"
  start_service kefu-ingest
  start_service kefu-answer --redis-url "$redis_url"
  start_service kefu-gateway --redis-url "$redis_url" --listen-port "$port" --drain-delay 0s
  for name in "${services[@]}"; do wait_for "$name" "http://127.0.0.1:${admin_port[$name]}/readyz"; done
}

kefu() { "$bin/kefu" --server "http://127.0.0.1:$port" "$@"; }

# Once there is an API key, everybody is asked for one. kefu takes it from KEFU_API_KEY.
lacks_key() {
  [ -z "${KEFU_API_KEY:-}" ] || return 1
  [ "$(curl --silent --max-time 10 --output /dev/null --write-out '%{http_code}' "http://127.0.0.1:$port/v1/kbs")" = 401 ]
}

import_sample() {
  local content
  content=$(sha256sum "${sample[@]}" | sha256sum | cut -d' ' -f1)
  if [ "$(cat "$run_dir/sample.sha256" 2>/dev/null)" = "$content" ] && kefu kb show shop >/dev/null 2>&1; then
    say "4/5 The sample knowledge base \"shop\" is imported already"
    return
  fi
  say "4/5 Importing the sample knowledge base \"shop\""
  kefu import --kb shop "${sample[@]}" || fail "The import failed." kefu-ingest
  echo "$content" >"$run_dir/sample.sha256"
}

ask() {
  local question
  say "5/5 Asking"
  for question in "${questions[@]}"; do
    printf '\n> %s\n' "$question"
    kefu ask --kb shop "$question" || fail "No answer." kefu-answer
  done
}

mkdir -p "$log_dir"
if [ "$(running | wc -l)" -lt $((${#servers[@]} + ${#services[@]})) ]; then
  say "1/5 Packages, sources of llama.cpp and the embedding model (only what is missing)"
  deploy/dev/prepare.sh --without-tests || exit 1
  choose_ports  # before the build, which takes minutes
  build
  say "3/5 Starting nats-server ($nats_port), redis-server ($redis_port) and the five services"
else
  choose_ports
  say "Kefu is up already (1/5 to 3/5)"
fi
start_servers
start_services
if lacks_key; then
  say "4/5 and 5/5 are left out: there are API keys, and KEFU_API_KEY holds none"
else
  import_sample
  ask
fi
trap - INT TERM
server_option=
[ "$port" = 8080 ] || server_option=" --server http://127.0.0.1:$port"
cat <<END

Kefu is up at http://127.0.0.1:$port (logs in .run/log). Try:
  curl -s --json '{"kb":"shop","question":"买了一周的鞋子还能退吗?"}' localhost:$port/v1/ask
  build/release/bin/kefu$server_option ask --kb shop "运费谁出?"
  build/release/bin/kefu$server_option status
  build/release/bin/kefu$server_option similarity 奥运会 亚运会 北京地铁
  make stop
END
