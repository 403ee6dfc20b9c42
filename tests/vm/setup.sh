#!/usr/bin/env bash
# Build, once, the disk of a virtual machine with a real systemd, and install the tools that run it.
#
#   setup.sh          prints the directory with `disk.ext4`, `vmlinuz` and `initrd`, the only line on its standard output
#
# Environment:
#   VM_SUITE           Debian suite of the machine (default trixie: systemd 257; bookworm: 252; bullseye: 247)
#   JACKFIELD_VM_ROOT  the directory (default ${XDG_CACHE_HOME:-~/.cache}/jackfield/vm-<suite>)
#   VM_MIRROR          Debian archive to use (default: the first one in this machine's apt sources)
#
# Run it as often as you like: with a finished disk it only looks and returns. Runs at the same time wait for each
# other. Needs root and apt, to build; nothing of the machine's systemd ever runs outside it.
#
# Exit status: 0 ready, 77 this machine cannot run it (one sentence on standard error says why), 1 it went wrong.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=common.sh
. "$here/common.sh"
export DEBIAN_FRONTEND=noninteractive

log() { printf 'setup: %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }
cannot() { printf 'The virtual machine cannot run here: %s.\n' "$*" >&2; exit 77; }

[ "$(uname -m)" = x86_64 ] || cannot "it is an x86_64, this machine is not"

# A disk that was made otherwise is made anew: raise the number with every change of what is in it.
WANTED="1 $(cat "$here/agent" "$here/agent.service" | sha256sum | cut -d' ' -f1)"
DONE="$DIR/.ok" # written last of all, so its presence means "complete"

complete() {
  [ "$(cat "$DONE" 2>/dev/null)" = "$WANTED" ] && command -v qemu-system-x86_64 >/dev/null &&
    command -v mke2fs >/dev/null
}
if complete; then
  echo "$DIR"
  exit 0
fi
[ "$(id -u)" = 0 ] || cannot "building its disk needs root, once"
command -v apt-get >/dev/null || cannot "its disk is made from Debian, and this machine has no apt-get"

# One builder at a time; whoever waited finds the work done.
mkdir -p "$DIR"
exec 9>"$DIR.lock"
flock 9
if complete; then
  echo "$DIR"
  exit 0
fi

# --- tools on this machine -------------------------------------------------------------------------------------------
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
need=()
command -v debootstrap >/dev/null || need+=(debootstrap)
command -v qemu-system-x86_64 >/dev/null || need+=(qemu-system-x86)
command -v mke2fs >/dev/null || need+=(e2fsprogs)
[ -e "$KEYRING" ] || need+=(debian-archive-keyring)
if [ "${#need[@]}" -gt 0 ]; then
  log "installing on this machine: ${need[*]}"
  # Descriptor 9 is closed for the children, so that nothing they leave running keeps the lock.
  if ! { apt-get -o DPkg::Lock::Timeout=300 update -qq &&
    apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends "${need[@]}"; } \
    >"$DIR/host.log" 2>&1 9>&-; then
    tail -n 20 "$DIR/host.log" >&2
    die "apt could not install: ${need[*]} (see $DIR/host.log)"
  fi
fi

# --- the system ------------------------------------------------------------------------------------------------------
# Ask apt itself, which understands every form of sources file. An address that ends in /debian is the plain archive,
# not the one for security updates nor somebody else's.
find_mirror() {
  # shellcheck disable=SC2016 # apt replaces $(REPO_URI), not the shell
  apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    sed 's#/*$##' | grep -E '/debian$' | sort -u | head -n1 || true
}
ROOT="$DIR/root"
if grep -qF " $ROOT/" /proc/mounts; then die "something is mounted below $ROOT"; fi
MIRROR="${VM_MIRROR:-$(find_mirror)}"
[ -n "$MIRROR" ] || cannot "there is no Debian archive in the apt sources (VM_MIRROR can name one)"
# Delete only what this script makes, and never through a mount.
rm -f "$DONE"
rm -rf --one-file-system "$ROOT"
mkdir -p "$ROOT"
# An older debootstrap does not know a newer suite by name; every newer suite is built as sid is.
script=()
[ -e "/usr/share/debootstrap/scripts/$SUITE" ] || script=(/usr/share/debootstrap/scripts/sid)
packages=systemd-sysv,libpam-systemd,dbus,dbus-user-session,udev,kmod,linux-image-cloud-amd64,initramfs-tools
packages+=,procps,curl,ca-certificates,openssl,jq,man-db,bash-completion
log "building Debian $SUITE in $ROOT (a few minutes)"
mkdir -p "$ROOT/etc/dpkg/dpkg.cfg.d"
printf 'path-exclude /usr/share/doc/*\npath-exclude /usr/share/locale/*\n' >"$ROOT/etc/dpkg/dpkg.cfg.d/slim"
debootstrap --variant=minbase --keyring="$KEYRING" --include="$packages" \
  "$SUITE" "$ROOT" "$MIRROR" "${script[@]}" >"$DIR/debootstrap.log" 2>&1 9>&- ||
  { tail -n 20 "$DIR/debootstrap.log" >&2; die "debootstrap failed (see $DIR/debootstrap.log)"; }
if grep -qF " $ROOT/" /proc/mounts; then die "debootstrap left something mounted below $ROOT"; fi

# --- what makes it a machine -----------------------------------------------------------------------------------------
echo jackfield-vm >"$ROOT/etc/hostname"
printf '127.0.0.1 localhost jackfield-vm\n::1 localhost\n' >"$ROOT/etc/hosts"
echo '/dev/vda / ext4 rw 0 1' >"$ROOT/etc/fstab"
# Journals live on the disk, so that a boot can be asked of the one before.
mkdir -p "$ROOT/var/log/journal"
printf '[Match]\nName=e*\n[Network]\nDHCP=ipv4\n' >"$ROOT/etc/systemd/network/80-dhcp.network"
# By hand, as `systemctl enable` does it: nothing of this systemd runs here.
wants() { mkdir -p "$ROOT/etc/systemd/system/$1.wants" && ln -sf "$2" "$ROOT/etc/systemd/system/$1.wants/"; }
wants multi-user.target /lib/systemd/system/systemd-networkd.service
wants network-online.target /lib/systemd/system/systemd-networkd-wait-online.service
install -m 755 "$here/agent" "$ROOT/usr/local/sbin/vm-agent"
install -m 644 "$here/agent.service" "$ROOT/etc/systemd/system/vm-agent.service"
wants multi-user.target /etc/systemd/system/vm-agent.service
# Whoever tries things by hand logs in on the console as root without a password.
sed -i 's/^root:[^:]*:/root::/' "$ROOT/etc/shadow"

# --- kernel and disk -------------------------------------------------------------------------------------------------
cp "$(ls "$ROOT"/boot/vmlinuz-* | sort -V | tail -n1)" "$DIR/vmlinuz"
cp "$(ls "$ROOT"/boot/initrd.img-* | sort -V | tail -n1)" "$DIR/initrd"
rm -rf "$ROOT"/boot/* "$ROOT"/var/cache/apt/* "$ROOT"/var/lib/apt/lists/*
rm -f "$DIR/disk.ext4"
mke2fs -q -t ext4 -d "$ROOT" "$DIR/disk.ext4" 3G >"$DIR/mke2fs.log" 2>&1 9>&- ||
  { cat "$DIR/mke2fs.log" >&2; die "mke2fs failed"; }
# shellcheck disable=SC2016 # dpkg-query replaces ${Version}
version="$(chroot "$ROOT" dpkg-query -W -f='${Version}' systemd)"
rm -rf --one-file-system "$ROOT"
echo "$WANTED" >"$DONE"
log "systemd $version is ready, $(du -sh "$DIR" | cut -f1)"
echo "$DIR"
