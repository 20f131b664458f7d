# shellcheck shell=bash disable=SC2034 # the variables are for the script that sources this
# What:    functions of setup.sh and teardown.sh for the container engine: finds one that answers, else starts dockerd.
# Inputs:  common.sh and system.sh, sourced before; environment DOCKER_HOST; REKMOD_DOCKERD_FLAGS (more flags for dockerd).
# Outputs: $CACHE/dockerd/{process,pid,log}: which dockerd we started ("pid start-time"), its pid file and log.

dockerd_folder=$CACHE/dockerd

# start_dockerd <storage driver>: in its own session; waits until it answers. Exit code 1 when it does not.
start_dockerd() {
  local pid deadline=$((SECONDS + 30)) dockerd flags
  dockerd=$(find_program dockerd)
  read -r -a flags <<<"${REKMOD_DOCKERD_FLAGS:-}"
  # A plain user reaches the socket through the own group; root needs no such help.
  [[ $(id -u) == 0 ]] || flags+=("--group=$(id -gn)")
  mkdir -p "$dockerd_folder"
  is_recorded_process "$dockerd_folder/process" || rm -f "$dockerd_folder/pid" "$dockerd_folder/process"
  say "Starting dockerd with the storage driver $1; its log is $dockerd_folder/log"
  as_root setsid --fork env "PATH=$PATH:/usr/sbin:/sbin" "$dockerd" --storage-driver="$1" \
    --pidfile="$dockerd_folder/pid" "${flags[@]}" </dev/null >"$dockerd_folder/log" 2>&1
  until [[ -s $dockerd_folder/pid ]] && engine_socket >/dev/null; do
    # A dockerd that cannot start ends at once and says why.
    if ((SECONDS > deadline)) || grep -q '^failed to start daemon' "$dockerd_folder/log"; then return 1; fi
    sleep 0.2
  done
  pid=$(<"$dockerd_folder/pid")
  write_file "$dockerd_folder/process" <<<"$pid $(process_start "$pid")"
}

# is_system_dockerd: whether an init system started a dockerd, or is about to. Ours has a pid file of its own.
is_system_dockerd() {
  local pid state
  if [[ -d /run/systemd/system ]]; then
    state=$(systemctl is-active docker.service 2>/dev/null) || true
    if [[ $state == active || $state == activating || $state == reloading ]]; then return 0; fi
  fi
  # Other init systems leave dockerd its usual pid file; a pid in an old one may have been given to another process.
  pid=$(cat /var/run/docker.pid 2>/dev/null) || return 1
  [[ $(cat "/proc/$pid/comm" 2>/dev/null) == dockerd ]]
}

# require_socket_access: ends the script when Docker's socket is there and this user may not open it.
require_socket_access() {
  [[ -S /var/run/docker.sock && ! -w /var/run/docker.sock ]] || return 0
  die "Cannot reach the container engine: expected access to /var/run/docker.sock, found none for $(id -un);" \
    "run \"sudo usermod -aG docker $(id -un)\", log in again, and try again"
}

# find_system_engine: sets ENGINE_SOCKET to that of an engine that runs here; waits for a dockerd that is starting.
# Exit code 1 when there is none.
find_system_engine() {
  local deadline=$((SECONDS + 20))
  until ENGINE_SOCKET=$(engine_socket); do
    require_socket_access
    is_system_dockerd || return 1
    if ((SECONDS > deadline)); then
      die "Cannot reach the container engine: expected an answer of the dockerd that this system started, found none" \
        "within 20 s; see journalctl -u docker.service"
    fi
    sleep 0.5
  done
}

# find_engine: sets ENGINE_SOCKET and ENGINE_ORIGIN (found, installed or started).
find_engine() {
  ENGINE_ORIGIN=found
  if ENGINE_SOCKET=$(engine_socket); then return 0; fi
  [[ -z ${DOCKER_HOST:-} ]] || die "Cannot reach the container engine: expected an answer at DOCKER_HOST=$DOCKER_HOST, found none"
  if find_system_engine; then return 0; fi
  if ! find_program dockerd >/dev/null; then
    case $(package_family) in
      debian) install_packages docker.io iptables containerd runc ;;
      fedora) install_packages moby-engine ;;
    esac
    # Where an init system runs, Debian's package starts docker.service by itself.
    ENGINE_ORIGIN=installed
    if find_system_engine; then return 0; fi
  fi
  ENGINE_ORIGIN=started
  start_dockerd overlay2 || {
    say "dockerd did not start with overlay2: trying vfs, which needs more room"
    stop_dockerd >/dev/null
    start_dockerd vfs
  } || {
    tail -n 15 "$dockerd_folder/log" >&2
    die "Cannot start dockerd: no answer within 30 s; the end of $dockerd_folder/log is above"
  }
  ENGINE_SOCKET=$(engine_socket)
}

# stop_dockerd: ends the dockerd that start_dockerd started, and no other; says what it did.
stop_dockerd() {
  local pid deadline=$((SECONDS + 20))
  if ! is_recorded_process "$dockerd_folder/process"; then
    rm -f "$dockerd_folder/process"
    printf 'no dockerd of ours is running\n'
    return 0
  fi
  read -r pid _ <"$dockerd_folder/process"
  as_root kill -TERM "$pid"
  while is_recorded_process "$dockerd_folder/process"; do
    if ((SECONDS > deadline)); then
      die "Cannot stop dockerd (pid $pid): it still runs 20 s after SIGTERM; see $dockerd_folder/log"
    fi
    sleep 0.2
  done
  rm -f "$dockerd_folder/process"
  printf 'stopped the dockerd that setup started (pid %s)\n' "$pid"
}
