# shellcheck shell=bash disable=SC2034 # the variables are for the script that sources this
# What:    functions of setup.sh for Temporal's command line program, which holds the development server.
# Inputs:  common.sh, system.sh and debian.sh, sourced before; environment TEMPORAL_ADDRESS.
# Outputs: find_temporal sets TEMPORAL_ORIGIN; $CACHE/bin/temporal when it had to be built, $CACHE/go for Go from Debian.

temporal_module=github.com/temporalio/cli/cmd/temporal@v1.5.1

# is_go_recent <program>: whether it is Go 1.21 or newer, which can fetch the toolchain that a module asks for.
is_go_recent() {
  local version minor
  version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null) || return 1
  [[ $version =~ ^go1\.([0-9]+) ]] || return 1
  minor=${BASH_REMATCH[1]}
  ((minor >= 21))
}

# find_go: prints a Go that is recent enough.
find_go() {
  local go
  for go in go /usr/local/go/bin/go "$CACHE/go/bin/go"; do
    if have "$go" && is_go_recent "$go"; then
      command -v "$go"
      return 0
    fi
  done
  case $(package_family) in
    debian) unpack_go >&2 ;;
    fedora)
      install_packages golang
      is_go_recent go || die "Cannot build Temporal: expected Go 1.21 or newer, found $(go version 2>&1 || true)"
      command -v go
      return 0
      ;;
  esac
  printf '%s\n' "$CACHE/go/bin/go"
}

# unpack_go: Debian 12 has Go 1.19 only; the backports suite has newer ones. Unpacked into the cache: neither the
# system's packages nor its sources change, and no root is needed.
unpack_go() {
  local scratch package codename
  codename=$(debian_codename)
  mkdir -p "$CACHE"
  scratch=$(mktemp -d "$CACHE/.go.XXXXXX")
  remove_at_exit "$scratch"
  mkdir -p "$scratch"/{lists/partial,archives/partial,debs,root}
  debian_sources | awk -v suite="$codename-backports" '!/-security|-updates/ { $3 = suite; print; exit }' >"$scratch/sources.list"
  local apt=(-qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=/nonexistent
    -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch" -o APT::Sandbox::User=)
  say "Fetching Go from $codename-backports"
  apt-get "${apt[@]}" update >&2
  package=$(apt-cache "${apt[@]}" search --names-only '^golang-1\.[0-9]+-go$' | awk '{ print $1 }' | sort -V | tail -n 1)
  [[ -n $package ]] || die "Cannot find Go: expected golang-1.x-go in $codename-backports, found none; install Go 1.21 or newer"
  (cd "$scratch/debs" && apt-get "${apt[@]}" download "$package" "${package%-go}-src" >&2)
  for deb in "$scratch"/debs/*.deb; do dpkg-deb -x "$deb" "$scratch/root"; done
  # usr/lib/go-1.x points into usr/share/go-1.x by links; one folder without links is what Go expects.
  package=${package#golang-}
  find "$scratch/root" -xtype l -delete
  cp -rL "$scratch/root/usr/lib/go-${package%-go}" "$scratch/go"
  is_go_recent "$scratch/go/bin/go" || die "Cannot use Go $package of $codename-backports"
  write_dir "$scratch/go" "$CACHE/go"
}

# find_temporal: a server that exists, a program that exists, or one built through the Go module proxy (2-3 minutes).
find_temporal() {
  local go scratch
  local -a caches=()
  if [[ -n ${TEMPORAL_ADDRESS:-} ]]; then
    TEMPORAL_ORIGIN="server at $TEMPORAL_ADDRESS"
  elif have temporal; then
    TEMPORAL_ORIGIN="found, $(command -v temporal)"
  elif [[ -x $CACHE/bin/temporal ]]; then
    TEMPORAL_ORIGIN="found, $CACHE/bin/temporal"
  else
    go=$(find_go)
    say "Building Temporal from its Go module (two to four minutes)"
    scratch=$(mktemp -d "$CACHE/.temporal.XXXXXX")
    remove_at_exit "$scratch"
    # With a Go of our own, the module and build caches (gigabytes) are ours too, and go afterwards.
    [[ $go != "$CACHE/go/bin/go" ]] || caches=("GOPATH=$scratch/path" "GOCACHE=$scratch/cache")
    env "${caches[@]}" "GOBIN=$scratch/bin" CGO_ENABLED=0 GOTOOLCHAIN=auto GOFLAGS='-buildvcs=false -modcacherw' "$go" install "$temporal_module" >&2 ||
      die "Cannot build Temporal: go install $temporal_module failed; set TEMPORAL_ADDRESS to use a server that exists"
    "$scratch/bin/temporal" --version >/dev/null
    mkdir -p "$CACHE/bin"
    mv -f "$scratch/bin/temporal" "$CACHE/bin/temporal"
    TEMPORAL_ORIGIN="built, $CACHE/bin/temporal"
  fi
  [[ -n ${TEMPORAL_ADDRESS:-} ]] || TEMPORAL_ORIGIN+=", $(PATH=$PATH:$CACHE/bin temporal --version | sed 's/^temporal version //')"
}
