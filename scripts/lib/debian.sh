# shellcheck shell=bash
# What:    functions over Debian's own package index: the machine's sources, packages by name, unpacking of debs.
# Inputs:  the machine's apt sources and lists; common.sh, which is sourced before: CACHE, as_root.
# Outputs: functions only; fetch_deb keeps what it downloaded under $CACHE/lab/debs.

# debian_codename: the machine's Debian release, e.g. bookworm; nothing when this is not Debian.
debian_codename() {
  # shellcheck source=/dev/null
  (. /etc/os-release && [[ $ID == debian ]] && printf '%s\n' "$VERSION_CODENAME") || true
}

# debian_sources: the machine's own sources of Debian packages, main only, as one-line "deb" entries.
debian_sources() {
  local codename
  codename=$(debian_codename)
  # shellcheck disable=SC2016 # apt's own placeholders
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages' |
    awk -v codename="$codename" '$4 == "Debian" && $3 == "main" && index($2, codename) == 1 && !/backports/ {
      printf "deb %s %s %s\n", $1, $2, $3 }' | sort -u
}

# update_apt_lists: fetches the package lists when the machine has none for the kernels.
update_apt_lists() {
  [[ -n $(apt-cache search --names-only '^linux-headers-[0-9].*-amd64$' | head -n 1) ]] && return 0
  say "Fetching Debian's package lists"
  as_root apt-get update -qq >&2 ||
    die "Cannot fetch Debian's package lists: run apt-get update as root and read its messages"
}

# fetch_deb <package>…: downloads the packages' candidate versions and prints the paths of the debs, one a line, in order.
fetch_deb() {
  local package name directory=$CACHE/lab/debs index temporary
  mkdir -p "$directory"
  index=$(apt-get download --print-uris "$@" 2>/dev/null | awk '{ print $2 }')
  for package in "$@"; do
    name=$(awk -v prefix="${package}_" 'index($0, prefix) == 1 { print; exit }' <<<"$index")
    [[ -n $name ]] || die "Cannot download \"$package\": expected it in the apt index, found nothing; try apt-get update"
    if [[ ! -f $directory/$name ]]; then
      temporary=$(mktemp -d "$directory/.fetch.XXXXXX")
      # apt would download as its sandbox user, which cannot write here.
      (cd "$temporary" && apt-get download -qq -o APT::Sandbox::User= "$package" >&2)
      mv -f "$temporary"/*.deb "$directory/$name"
      rmdir "$temporary"
    fi
    printf '%s\n' "$directory/$name"
  done
}
