#!/bin/bash
# What:    compares packages that were built with those that are published, as far as a machine that installs them could tell.
# Inputs:  /rekmod/published/*.rpm, /rekmod/built/*.rpm; rpm, cpio and binutils of a buildroot; /tmp is written to.
# Outputs: one line for each difference on standard output. Exit code: 0 if there is none, 1 if there are, 2 if it cannot tell.
set -euo pipefail
export LC_ALL=C
work=/tmp/rekmod-compare
differences=0

differ() {
  printf '%s: %s\n' "$1" "$2"
  differences=$((differences + 1))
}

# Signatures and compression of modules come after the build; build ids, debug links and the compiler's name no kernel reads.
strip_module() {
  local path=$1 plain=$1 size
  case $path in
    *.gz) gzip -d "$path" && plain=${path%.gz} ;;
    *.xz) xz -d "$path" && plain=${path%.xz} ;;
    *.zst) zstd -q -d --rm "$path" && plain=${path%.zst} ;;
  esac
  if [[ $(tail -c 28 "$plain" | tr -d '\0') == '~Module signature appended~' ]]; then
    # struct module_signature: 12 bytes before the words, of which the last four are the length, big endian.
    size=$(tail -c 32 "$plain" | head -c 4 | od -An -tu1 | awk '{ print (($1 * 256 + $2) * 256 + $3) * 256 + $4 }')
    truncate -s "-$((size + 40))" "$plain"
  fi
  objcopy -R .comment -R .note.gnu.build-id -R .gnu_debuglink "$plain"
}

# unpack <rpm> <directory>
unpack() {
  mkdir -p "$2"
  rpm2cpio "$1" | (cd "$2" && cpio -idm --quiet --no-absolute-filenames)
  find "$2" -type f \( -name '*.ko' -o -name '*.ko.gz' -o -name '*.ko.xz' -o -name '*.ko.zst' \) -print0 |
    while IFS= read -r -d '' module; do strip_module "$module"; done
}

list_files() {
  (cd "$1" && find . -path ./usr/lib/.build-id -prune -o -printf '%p %y %m %l\n' | sort)
}

describe() {
  local format='%{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}.%{ARCH}\n%{SUMMARY}\n%{LICENSE}\n%{DESCRIPTION}\n'
  rpm -qp --nosignature --queryformat "$format" "$1"
  rpm -qp --nosignature --requires --provides --conflicts --obsoletes --scripts --triggers "$1" | grep -v '^rpmlib('
}

shopt -s nullglob
published=(/rekmod/published/*.rpm)
((${#published[@]})) || { echo 'Expected published packages, found none' && exit 2; }
for rpm in "${published[@]}"; do
  name=${rpm##*/}
  built=/rekmod/built/$name
  if [[ ! -f $built ]]; then
    differ "$name" 'was not built'
    continue
  fi
  describe "$rpm" >"$work.a" 2>/dev/null || exit 2
  describe "$built" >"$work.b" 2>/dev/null || exit 2
  diff "$work.a" "$work.b" >"$work.diff" || differ "$name" "the header differs: $(sed -n '2p' "$work.diff")"
  rm -rf "$work"
  unpack "$rpm" "$work/a" || exit 2
  unpack "$built" "$work/b" || exit 2
  diff <(list_files "$work/a") <(list_files "$work/b") >"$work.diff" ||
    differ "$name" "the files differ: $(sed -n '2p' "$work.diff")"
  while IFS= read -r file; do
    [[ ! -f $work/b/$file ]] || cmp -s "$work/a/$file" "$work/b/$file" || differ "$name" "${file#.} differs"
  done < <(cd "$work/a" && find . -type f)
done
for rpm in /rekmod/built/*.rpm; do
  name=${rpm##*/}
  [[ -f /rekmod/published/$name || $name == *-debuginfo-* || $name == *-debugsource-* ]] || differ "$name" 'is not published'
done
((differences == 0))
