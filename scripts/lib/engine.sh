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

# find_engine: sets ENGINE_SOCKET and ENGINE_ORIGIN (found or started).
find_engine() {
  ENGINE_ORIGIN=found
  if ENGINE_SOCKET=$(engine_socket); then return 0; fi
  [[ -z ${DOCKER_HOST:-} ]] || die "Cannot reach the container engine: expected an answer at DOCKER_HOST=$DOCKER_HOST, found none"
  if [[ -S /var/run/docker.sock && ! -w /var/run/docker.sock ]]; then
    die "Cannot reach the container engine: expected access to /var/run/docker.sock, found none for $(id -un); join the group docker"
  fi
  ENGINE_ORIGIN=started
  if ! find_program dockerd >/dev/null; then
    case $(package_family) in
      debian) install_packages docker.io iptables containerd runc ;;
      fedora) install_packages moby-engine ;;
    esac
  fi
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
