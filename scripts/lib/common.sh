# shellcheck shell=bash disable=SC2034 # the variables are for the script that sources this
# What:    functions shared by scripts/ and lab/: progress lines, root rights, cache paths, digests, atomic writing, engine.
# Inputs:  environment REKMOD_CACHE, XDG_CACHE_HOME, HOME, DOCKER_HOST, REKMOD_ENGINE.
# Outputs: CACHE (absolute path of the cache) and the functions below; nothing is written by sourcing this file.

CACHE=${REKMOD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/rekmod}

# say <sentence>: one visible line of progress, on standard error.
say() { printf '==> %s\n' "$*" >&2; }

# die <sentence>: ends the script with a message, exit code 1.
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# as_root <command>…: runs as root, by sudo when needed.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif have sudo; then
    sudo -- "$@"
  else
    die "Cannot run \"$*\": expected root or sudo, found user $(id -un)"
  fi
}

# digest <file>…: one SHA-256 over the contents of the files, in the order given; standard input when there is none.
digest() { cat -- "$@" | sha256sum | cut -d ' ' -f 1; }

# text_digest <string>…: one SHA-256 over the strings.
text_digest() { printf '%s\n' "$@" | sha256sum | cut -d ' ' -f 1; }

# is_made <stamp file> <key>: whether the stamp holds exactly this key.
is_made() { [[ -f $1 && $(<"$1") == "$2" ]]; }

# write_file <path>: standard input becomes the file, whole or not at all.
write_file() {
  local temporary
  mkdir -p "$(dirname "$1")"
  temporary=$(mktemp "$(dirname "$1")/.$(basename "$1").XXXXXX")
  cat >"$temporary"
  chmod 0644 "$temporary"
  mv -f "$temporary" "$1"
}

# write_dir <temporary directory> <path>: the temporary directory takes the place of the path.
write_dir() {
  mkdir -p "$(dirname "$2")"
  if [[ -e $2 ]]; then
    mv "$2" "$2.old.$$"
    mv "$1" "$2"
    rm -rf "$2.old.$$"
  else
    mv "$1" "$2"
  fi
}

# remove_at_exit <path>: removes it when the shell ends, however it ends.
remove_at_exit() {
  scratch_paths+=("$1")
  trap 'rm -rf "${scratch_paths[@]}"' EXIT
}
scratch_paths=()

# process_start <pid>: the start time of a process (clock ticks since boot), nothing when there is no such process.
# The pair pid + start time names one process: a pid alone may have been given to another one since.
process_start() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  cut -d ' ' -f 20 <<<"$stat"
}

# is_recorded_process <file>: whether the process recorded as "pid start-time" in the file still runs.
is_recorded_process() {
  local pid start
  [[ -f $1 ]] || return 1
  read -r pid start <"$1" || return 1
  [[ $pid =~ ^[0-9]+$ && -n $start && $(process_start "$pid") == "$start" ]]
}

# engine_socket: prints the first container engine socket that answers, without "unix://"; exit code 1 when none does.
# DOCKER_HOST with another scheme (tcp, ssh) is taken as it is.
engine_socket() {
  local socket
  if [[ -n ${DOCKER_HOST:-} && $DOCKER_HOST != unix://* ]]; then
    printf '%s\n' "$DOCKER_HOST"
    return 0
  fi
  for socket in "${DOCKER_HOST:+${DOCKER_HOST#unix://}}" /var/run/docker.sock \
    "${XDG_RUNTIME_DIR:-/run/user/$(id -u)}/podman/podman.sock" /run/podman/podman.sock; do
    if [[ -n $socket && -S $socket ]] &&
      curl --silent --fail --max-time 3 --unix-socket "$socket" http://localhost/_ping >/dev/null 2>&1; then
      printf '%s\n' "$socket"
      return 0
    fi
  done
  return 1
}

# engine <argument>…: the client of the container engine, docker or else podman; REKMOD_ENGINE names another one.
engine() {
  local client=${REKMOD_ENGINE:-}
  if [[ -z $client ]]; then
    if have docker; then client=docker; else client=podman; fi
  fi
  "$client" "$@"
}
