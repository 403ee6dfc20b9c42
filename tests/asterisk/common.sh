# shellcheck shell=bash
# Names and places that setup.sh, start.sh and stop.sh share; sourced, not run.

# sbin is not on everybody's PATH, and chroot and debootstrap live there.
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" LC_ALL=C

SUITE="${AST_SUITE:-forky}"
ROOT="${JACKFIELD_ASTERISK_ROOT:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/jackfield/asterisk-$SUITE}"
case "$ROOT" in /*) ;; *) ROOT="$PWD/$ROOT" ;; esac
ROOT="${ROOT%/}"
# Everything below deletes inside $ROOT, so a slip in the variable must not reach the host.
[ -n "$ROOT" ] || { echo "JACKFIELD_ASTERISK_ROOT must not be the root directory" >&2; exit 1; }

INST="${AST_INSTANCE:-jackfield}"
case "$INST" in
  *[!A-Za-z0-9_-]*) echo "AST_INSTANCE may hold letters, digits, '-' and '_' only: '$INST'" >&2; exit 1 ;;
esac

# Where one instance lives, as seen from inside the chroot. One set per instance: several run from one chroot.
ETC=/etc/asterisk-$INST
# shellcheck disable=SC2034 # used by the scripts that source this file
VAR=/var/lib/asterisk-$INST
RUN=/run/asterisk-$INST
# shellcheck disable=SC2034
LOG=/var/log/asterisk-$INST
PIDFILE="$ROOT$RUN/start.pid"

# True if process $1 is this very instance. A pid alone proves nothing: it may have been given to another
# process, and a dead process that nobody reaped still answers `kill -0` (but has an empty command line).
is_ours() {
  [ -n "$1" ] && tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "-C $ETC/asterisk.conf "
}

# The pid of this instance, or nothing when it does not run.
running_pid() {
  local pid
  pid="$(cat "$PIDFILE" 2>/dev/null || true)"
  if is_ours "$pid" 2>/dev/null; then echo "$pid"; fi
}
