# What run.sh and stop.sh share; to be sourced from the folder of the project. Each process has .run/NAME.pid and .run/log/NAME.log.
run_dir=$PWD/.run
PATH=$PATH:/usr/sbin  # where Debian has nats-server
log_dir=$run_dir/log
# In the order in which they start; they stop the other way round, so that nothing loses what it depends on.
servers=(nats-server redis-server)
services=(kefu-embedding kefu-index kefu-ingest kefu-answer kefu-gateway)

# pid_of NAME: the pid of the process that run.sh started, or nothing. A pid file may be stale and its number taken by another
# process: ours is the one of that program which runs in .run.
pid_of() {
  local pid program
  pid=$(cat "$run_dir/$1.pid" 2>/dev/null) || return 0
  [ -n "$pid" ] && [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$run_dir" ] || return 0
  program=$(readlink "/proc/$pid/exe" 2>/dev/null) || return 0
  program=$(basename "${program% (deleted)}")
  # redis-server is a link to redis-check-rdb in Debian.
  [ "$program" = "$1" ] || [[ $1 = redis-server && $program = redis-* ]] || return 0
  echo "$pid"
}

# Everything that is up, one name a line.
running() {
  local name
  for name in "${servers[@]}" "${services[@]}"; do
    [ -z "$(pid_of "$name")" ] || echo "$name"
  done
}

say() { printf '%s\n' "$*"; }
