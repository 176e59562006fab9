# Shared by up, down, try and status: paths, and processes that are identified by PID and start time.
# shellcheck shell=bash

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
state=$root/build/local
# File names under $state/run, in the order of the start; the stop uses the reverse order.
services=(mariadb nats cm)

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# start_time PID: the kernel's start time of a process (field 22 of its stat; the name before may hold anything).
start_time() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  stat=${stat##*) }
  # shellcheck disable=SC2086 # fields
  set -- $stat
  [ "$1" != Z ] || return 1
  printf '%s' "${20}"
}

# launch NAME COMMAND…: starts a process in a new session, detached from the terminal, and records its identity.
launch() {
  local name=$1
  shift
  mkdir -p "$state/run"
  setsid nohup "$@" </dev/null >>"$state/$name.log" 2>&1 &
  local pid=$!
  disown "$pid" 2>/dev/null || true
  printf '%s %s\n' "$pid" "$(start_time "$pid")" >"$state/run/$name"
}

# running NAME: prints the PID if the process that was started under this name still lives.
running() {
  local pid started
  [ -r "$state/run/$1" ] && read -r pid started <"$state/run/$1" || return 1
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && printf '%s' "$pid"
}

# end NAME SECONDS: asks the process to stop, waits, and then kills it.
end() {
  local name=$1 seconds=$2 pid
  if pid=$(running "$name"); then
    kill -TERM "$pid"
    local deadline=$((SECONDS + seconds))
    while running "$name" >/dev/null; do
      if [ "$SECONDS" -ge "$deadline" ]; then
        printf '%s (PID %s) did not stop within %s s and is killed\n' "$name" "$pid" "$seconds"
        kill -KILL "$pid"
        sleep 0.2
        break
      fi
      sleep 0.05
    done
    printf 'stopped %s (PID %s)\n' "$name" "$pid"
  fi
  rm -f "$state/run/$name"
}

# free_ports COUNT: free loopback ports, all different. Below the range that the kernel assigns to
# clients, because a connection could take such a port before its server starts.
free_ports() {
  local range first
  read -r first _ </proc/sys/net/ipv4/ip_local_port_range
  [ "$first" -gt 15000 ] || first=32768
  range=$((first - 10000))
  node -e '
    const net = require("node:net");
    const [count, range] = process.argv.slice(1).map(Number);
    const ports = [];
    const next = (tries) => {
      if (ports.length === count) return console.log(ports.join(" "));
      if (tries === 0) return process.exit(1);
      const port = 10000 + Math.floor(Math.random() * range);
      const server = net.createServer();
      server.once("error", () => next(tries - 1));
      server.listen(port, "127.0.0.1", () => server.close(() => {
        if (!ports.includes(port)) ports.push(port);
        next(tries - 1);
      }));
    };
    next(1000);
  ' "$1" "$range"
}

# http_status URL: the status alone, 000 if there is no response.
http_status() {
  curl --silent --noproxy '*' --output /dev/null --max-time 2 --write-out '%{http_code}' "$1" || true
}

# await SECONDS NAME COMMAND…: waits until the command succeeds; fails at once if the process of that name has ended.
await() {
  local deadline=$((SECONDS + $1)) name=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    running "$name" >/dev/null || return 1
    [ "$SECONDS" -lt "$deadline" ] || return 1
    sleep 0.05
  done
}

load_ports() {
  [ -r "$state/ports" ] || return 1
  # shellcheck disable=SC1091 # written by up: api_port, management_port, nats_port, mariadb_port, socket_directory
  . "$state/ports"
}

things_to_try() {
  cat <<TEXT

  provision a token    curl -X POST http://127.0.0.1:$api_port/api/v1/endpoints/kettle-1/tokens \\
                         -H 'Content-Type: application/json' -d '{"applicationName": "smart_kettle"}'
  validate it on NATS  deploy/local/validate --application smart_kettle --token TOKEN
                         (nats://127.0.0.1:$nats_port; deploy/local/try does this and the line before by itself)
  look at its health   curl http://127.0.0.1:$management_port/health

TEXT
}
