#!/usr/bin/env bash
# Build, once, a chroot that holds a real Asterisk, and install the tools that drive it.
#
#   setup.sh          prints the chroot's directory, the only line on its standard output
#
# Environment:
#   JACKFIELD_ASTERISK_ROOT  the chroot's directory (default ${XDG_CACHE_HOME:-~/.cache}/jackfield/asterisk-<suite>)
#   AST_SUITE                Debian suite that Asterisk comes from (default forky: Asterisk 22; bullseye: Asterisk 16)
#   AST_MIRROR               Debian archive to use (default: the first one in this machine's apt sources)
#
# Run it as often as you like: with a finished chroot it only looks and returns. A half-built one is repaired, and
# runs at the same time wait for each other. Needs root and apt; no systemd, no mounts, no container engine.
#
# Exit status: 0 ready, 77 this machine cannot run it (one sentence on standard error says why), 1 it went wrong.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=common.sh
. "$here/common.sh"
export DEBIAN_FRONTEND=noninteractive

log() { printf 'setup: %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
cannot() { printf 'The Asterisk test bed cannot run here: %s.\n' "$*" >&2; exit 77; }

[ "$(id -u)" = 0 ] || cannot "it builds a chroot, which needs root"
command -v apt-get >/dev/null || cannot "it takes Asterisk from Debian, and this machine has no apt-get"

DONE="$ROOT/.jackfield-asterisk-ok" # written last of all, so its presence means "complete"
BASE_OK="$ROOT/.asterisk-base-ok"   # holds the suite's name once debootstrap is through
STARTED="$ROOT/.asterisk-base-started"

complete() {
  [ -e "$DONE" ] && [ -x "$ROOT/usr/sbin/asterisk" ] && command -v sipp >/dev/null
}
check_suite() {
  # Only a suite that was asked for can be the wrong one: with just a directory given, take what is in it.
  if [ -n "${AST_SUITE:-}" ] && [ -e "$BASE_OK" ] && [ "$(cat "$BASE_OK")" != "$SUITE" ]; then
    die "$ROOT already holds suite $(cat "$BASE_OK"), not $SUITE; give another JACKFIELD_ASTERISK_ROOT"
  fi
}

check_suite
if complete; then
  echo "$ROOT"
  exit 0
fi

# One builder at a time; whoever waited finds the work done.
mkdir -p "$(dirname "$ROOT")"
exec 9>"$ROOT.lock"
flock 9
check_suite

# --- tools on this machine -------------------------------------------------------------------------------------------
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
need=()
command -v debootstrap >/dev/null || need+=(debootstrap)
command -v sipp >/dev/null || need+=(sip-tester)
[ -e "$KEYRING" ] || need+=(debian-archive-keyring)
if [ "${#need[@]}" -gt 0 ]; then
  log "installing on this machine: ${need[*]}"
  # Descriptor 9 is closed for the children, so that nothing they leave running keeps the lock.
  if ! { apt-get -o DPkg::Lock::Timeout=300 update -qq &&
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${need[@]}"; } \
    >"$ROOT.host.log" 2>&1 9>&-; then
    tail -n 20 "$ROOT.host.log" >&2
    die "apt could not install: ${need[*]} (see $ROOT.host.log)"
  fi
fi
if complete; then # another run finished it while this one waited
  echo "$ROOT"
  exit 0
fi

# --- the base system -------------------------------------------------------------------------------------------------
# Ask apt itself, which understands every form of sources file. An address that ends in /debian is the plain archive,
# not the one for security updates nor somebody else's.
find_mirror() {
  # shellcheck disable=SC2016 # apt replaces $(REPO_URI), not the shell
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed 's#/*$##' | grep -E '/debian$' | sort -u | head -n1 || true
}
if [ ! -e "$BASE_OK" ]; then
  MIRROR="${AST_MIRROR:-$(find_mirror)}"
  [ -n "$MIRROR" ] || cannot "there is no Debian archive in the apt sources (AST_MIRROR can name one)"
  if [ -e "$ROOT" ] && [ -n "$(ls -A "$ROOT")" ]; then
    # Delete only what this script began, and never through a mount.
    [ -e "$STARTED" ] || die "$ROOT exists, is not empty, and was not made by this script"
    if grep -qF " $ROOT/" /proc/mounts; then die "something is mounted below $ROOT"; fi
    log "removing the half-built chroot"
    rm -rf --one-file-system "$ROOT"
  fi
  mkdir -p "$ROOT"
  : >"$STARTED"
  # An older debootstrap does not know a newer suite by name; every newer suite is built as sid is.
  script=()
  [ -e "/usr/share/debootstrap/scripts/$SUITE" ] || script=(/usr/share/debootstrap/scripts/sid)
  log "building Debian $SUITE in $ROOT (about a minute)"
  debootstrap --variant=minbase --keyring="$KEYRING" --include=ca-certificates \
    "$SUITE" "$ROOT" "$MIRROR" "${script[@]}" >"$ROOT.debootstrap.log" 2>&1 9>&- ||
    { tail -n 20 "$ROOT.debootstrap.log" >&2; die "debootstrap failed (see $ROOT.debootstrap.log)"; }
  echo "$SUITE" >"$BASE_OK"
fi

# --- Asterisk --------------------------------------------------------------------------------------------------------
# Packages must not start their daemons: there is no init in here.
printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
chmod 755 "$ROOT/usr/sbin/policy-rc.d"
cp -L /etc/resolv.conf "$ROOT/etc/resolv.conf" 2>/dev/null || true
cp -L /etc/hosts "$ROOT/etc/hosts" 2>/dev/null || true
# Reach the archive the way this machine does: the proxy, its certificates, and how dates of index files are checked
# (on a machine whose clock is off). Signatures are always checked.
mkdir -p "$ROOT/etc/apt/apt.conf.d"
apt-config dump |
  grep -E '^Acquire::((http|https)(::[A-Za-z.-]+)*::(Proxy|CaInfo)|Check-Valid-Until|Check-Date|Retries) ' \
    >"$ROOT/etc/apt/apt.conf.d/99host" || true
printf 'path-exclude /usr/share/doc/*\npath-exclude /usr/share/man/*\npath-exclude /usr/share/locale/*\n' \
  >"$ROOT/etc/dpkg/dpkg.cfg.d/slim"

in_root() { chroot "$ROOT" "$@" >>"$ROOT.install.log" 2>&1 9>&-; }
install_asterisk() {
  in_root dpkg --configure -a && # a run that was cut short may have left packages half configured
    in_root apt-get update -qq &&
    in_root apt-get install -y -qq --fix-broken &&
    in_root apt-get install -y -qq --no-install-recommends asterisk asterisk-modules asterisk-core-sounds-en-gsm
}
log "installing Asterisk in $ROOT"
: >"$ROOT.install.log"
install_asterisk || { tail -n 20 "$ROOT.install.log" >&2; die "installing Asterisk failed (see $ROOT.install.log)"; }
# Not every suite has music-on-hold files, and the tests do not listen: sounds are played instead.
in_root apt-get install -y -qq --no-install-recommends asterisk-moh-opsound-gsm || true
in_root apt-get clean || true
# shellcheck disable=SC2016 # dpkg-query replaces ${Version}
version="$(chroot "$ROOT" dpkg-query -W -f='${Version}' asterisk)"
echo "$version" >"$DONE"
log "Asterisk $version is ready, $(du -sxh "$ROOT" | cut -f1)"
echo "$ROOT"
