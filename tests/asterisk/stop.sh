#!/usr/bin/env bash
# End the instance that start.sh started (AST_INSTANCE, JACKFIELD_ASTERISK_ROOT and AST_SUITE as there).
#
#   stop.sh [--kill] [--clean]
#
#   --kill     SIGKILL at once, as a crash or a power cut would end it
#   --clean    remove the instance's files too
#
# An instance that does not run is no error.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=common.sh
. "$here/common.sh"

signal=TERM clean=0
for arg in "$@"; do
  case "$arg" in
    --kill) signal=KILL ;;
    --clean) clean=1 ;;
    *) echo "stop: unknown option $arg" >&2; exit 1 ;;
  esac
done

pid="$(running_pid)"
if [ -n "$pid" ]; then
  kill "-$signal" "$pid" 2>/dev/null || true
  deadline=$((SECONDS + 10))
  while is_ours "$pid" 2>/dev/null; do
    # Asterisk can hang while it shuts down; a test bed has nothing to lose.
    if [ "$SECONDS" -ge "$deadline" ]; then
      kill -KILL "$pid" 2>/dev/null || true
      deadline=$((SECONDS + 60))
    fi
    sleep 0.05
  done
  # Its command line is gone before its sockets are: wait until none of its threads has anything left to do.
  while grep -qsE '^State:[[:space:]]+[^ZX]' "/proc/$pid"/task/*/status; do sleep 0.02; done
fi
rm -f "$PIDFILE"
if [ "$clean" = 1 ]; then
  rm -rf "${ROOT:?}$ETC" "${ROOT:?}$VAR" "${ROOT:?}$RUN" "${ROOT:?}$LOG"
fi
