# shellcheck shell=bash
# What:    functions that only the lab needs: its paths, the kernel's spellings, symvers deltas, the upstream's key.
# Inputs:  common.sh and debian.sh, sourced before; environment REKMOD_CACHE by way of CACHE.
# Outputs: LAB (the lab's folder in the cache) and functions; upstream_key makes $LAB/upstream when it is missing.

LAB=$CACHE/lab

# rpm_spelling <uname -r>: version-release that RPM accepts, 6.1.0-54-amd64 → 6.1.0-54.amd64: only one dash is allowed.
rpm_spelling() { sed -E 's/^([^-]+-[^-]+)-/\1./' <<<"$1"; }

# symvers_delta <old Module.symvers> <new Module.symvers>: prints "lost added changed", numbers of symbols.
symvers_delta() {
  awk -F '\t' '
    NR == FNR { old[$2] = $1; next }
    { if (!($2 in old)) added++; else { if (old[$2] != $1) changed++; delete old[$2] } }
    END { for (symbol in old) lost++; print lost + 0, added + 0, changed + 0 }' "$1" "$2"
}

# deb_file <deb> <path without the leading dot>: prints one file of a deb.
deb_file() { dpkg-deb --fsys-tarfile "$1" | tar -xOf - ".$2"; }

# upstream_key: makes the key of the lab's kernel vendor, without passphrase, and exports its public half; once.
upstream_key() {
  local home=$LAB/upstream/gnupg public=$LAB/upstream/RPM-GPG-KEY-rekmod-lab-upstream
  [[ -f $public ]] && return 0
  say "Making the signing key of the lab's kernel vendor"
  mkdir -p "$home"
  chmod 0700 "$home"
  gpg --homedir "$home" --batch --quiet --pinentry-mode loopback --passphrase '' --quick-generate-key \
    'rekmod lab upstream <upstream@lab.invalid>' rsa3072 sign never
  gpg --homedir "$home" --batch --armor --export upstream@lab.invalid | write_file "$public"
  stop_upstream_agent
}

# stop_upstream_agent: ends the gpg-agent of the lab's own key ring, which gpg started; no other agent listens there.
stop_upstream_agent() { gpgconf --homedir "$LAB/upstream/gnupg" --kill gpg-agent 2>/dev/null || true; }

# sign_rpms <rpm>…: signs with the upstream's key, in place.
sign_rpms() {
  rpmsign --addsign --define "__gpg $(command -v gpg)" --define "_gpg_name upstream@lab.invalid" --define "_gpg_path $LAB/upstream/gnupg" \
    --define '_gpg_digest_algo sha256' "$@" >/dev/null 2>&1 || die "Cannot sign $*: rpmsign failed"
  stop_upstream_agent
}
