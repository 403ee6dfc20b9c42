# shellcheck shell=bash
# Names and places of the virtual machine's scripts; sourced, not run.

# sbin is not on everybody's PATH, and chroot, debootstrap and mke2fs live there.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C

SUITE="${VM_SUITE:-trixie}"
case "$SUITE" in
  "" | *[!a-z]*) echo "VM_SUITE is the name of a Debian suite: '$SUITE'" >&2; exit 1 ;;
esac
DIR="${JACKFIELD_VM_ROOT:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/jackfield/vm-$SUITE}"
case "$DIR" in /*) ;; *) DIR="$PWD/$DIR" ;; esac
DIR="${DIR%/}"
[ -n "$DIR" ] || { echo "JACKFIELD_VM_ROOT must not be the root directory" >&2; exit 1; }
