#!/usr/bin/env bash
# Write the test PBX's configuration into the chroot that setup.sh made, and start Asterisk.
#
#   start.sh [-f]     -f: stay in the foreground
#
# Several instances run at once when each is given its own name and ports (defaults in parentheses):
#   AST_INSTANCE (jackfield)   names the instance's directories in the chroot
#   AST_AMI_PORT (5038)        manager interface, on 127.0.0.1
#   AST_HTTP_PORT (8088)       HTTP, ARI and SIP over WebSocket, on 127.0.0.1
#   AST_SIP_PORT (5060)        SIP over UDP and TCP, on 127.0.0.1
#   AST_TRUNK_PORT (6500)      where the outside world listens, on 127.0.0.2
#   AST_PHONE_BASE (6100)      phone 1NN listens on this plus NN, on 127.0.0.1
#   AST_RTP_START (20000), AST_RTP_END (AST_RTP_START + 9999)   media ports
#   AST_KEEP=1                 keep the files of the instance's last run (call records, database, logs)
#   JACKFIELD_ASTERISK_ROOT, AST_SUITE                          as in setup.sh
#
# When it returns 0, Asterisk is fully booted and answers on the AMI port. It refuses a port that is taken: Asterisk
# itself would start without the listener, and a test would then talk to somebody else's PBX.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=common.sh
. "$here/common.sh"
fail() { printf 'start: %s\n' "$*" >&2; exit 1; }

foreground=0
[ "${1:-}" != -f ] || foreground=1
AMI="${AST_AMI_PORT:-5038}"
HTTP="${AST_HTTP_PORT:-8088}"
SIP="${AST_SIP_PORT:-5060}"
TRUNK="${AST_TRUNK_PORT:-6500}"
PHONE="${AST_PHONE_BASE:-6100}"
RTP="${AST_RTP_START:-20000}"
RTP_END="${AST_RTP_END:-$((RTP + 9999))}"

[ -x "$ROOT/usr/sbin/asterisk" ] || fail "no Asterisk in $ROOT: run setup.sh first"
pid="$(running_pid)"
[ -z "$pid" ] || fail "instance $INST already runs, pid $pid: stop.sh ends it, another AST_INSTANCE runs beside it"

# Taken: a TCP socket that listens (state 0A), or any UDP socket, with this local port.
taken() {
  awk -v port="$(printf ':%04X' "$2")" -v proto="$1" \
    'substr($2, length($2) - 4) == port && (proto == "udp" || $4 == "0A") { found = 1 } END { exit !found }' \
    /proc/net/"$1" /proc/net/"$1"6 2>/dev/null
}
for p in "$AMI" "$HTTP" "$SIP"; do
  if taken tcp "$p"; then fail "TCP port $p is in use: choose other ports (see the top of start.sh)"; fi
done
if taken udp "$SIP"; then fail "UDP port $SIP is in use: choose another AST_SIP_PORT"; fi

# --- files -----------------------------------------------------------------------------------------------------------
# Logs of failed tests that the test harness set aside stay a few days.
find "$ROOT/var/log" -maxdepth 1 -name 'asterisk-*.failed-*' -mtime +3 -exec rm -rf {} + 2>/dev/null || true
rm -rf "${ROOT:?}$ETC" "${ROOT:?}$RUN"
[ "${AST_KEEP:-0}" = 1 ] || rm -rf "${ROOT:?}$VAR" "${ROOT:?}$LOG"
mkdir -p "$ROOT$ETC" "$ROOT$VAR/keys" "$ROOT$VAR/spool/monitor" "$ROOT$VAR/spool/tmp" "$ROOT$RUN" "$ROOT$LOG/cdr-csv"

# The module directory carries the machine's architecture in its name on newer suites.
for dir in "$ROOT"/usr/lib/*/asterisk/modules "$ROOT/usr/lib/asterisk/modules"; do
  if [ -d "$dir" ]; then
    MODDIR="${dir#"$ROOT"}"
    break
  fi
done
[ -n "${MODDIR:-}" ] || fail "no Asterisk modules in $ROOT: delete the directory and run setup.sh again"
MOH=/usr/share/asterisk/moh
[ -d "$ROOT$MOH" ] || MOH=/usr/share/asterisk/sounds

generated="$(mktemp -d)"
trap 'rm -rf "$generated"' EXIT
phones() {
  local n
  for n in $(seq 101 110); do
    printf '[%s](phone)\naors = %s\ncallerid = "Agent %s" <%s>\n' "$n" "$n" "$n" "$n"
    printf '[%s](fixed-aor)\ncontact = sip:%s@127.0.0.1:%s\n\n' "$n" "$n" "$((PHONE + n - 100))"
  done
  for n in $(seq 201 210) 301 302 303; do
    printf '[%s](phone)\naors = %s\nauth = %s\ncallerid = "Agent %s" <%s>\n' "$n" "$n" "$n" "$n" "$n"
    if [ "$n" -gt 300 ]; then
      printf 'webrtc = yes\ndtls_auto_generate_cert = yes\nallow = !all,opus,ulaw,vp8\ndtmf_mode = auto\n'
    fi
    printf '[%s](reg-aor)\n[%s](reg-auth)\nusername = %s\npassword = secret%s\n\n' "$n" "$n" "$n" "$n"
  done
}
hints() {
  local n
  for n in $(seq 101 110) $(seq 201 210) 301 302 303; do echo "exten => $n,hint,PJSIP/$n"; done
}
phones >"$generated/phones"
hints >"$generated/hints"
for f in "$here"/conf/*.conf; do
  sed -e "/^@PHONES@\$/{r $generated/phones
d}" -e "/^@HINTS@\$/{r $generated/hints
d}" -e "s#@ETC@#$ETC#g; s#@VAR@#$VAR#g; s#@RUN@#$RUN#g; s#@LOG@#$LOG#g; s#@MODDIR@#$MODDIR#g; s#@MOHDIR@#$MOH#g" \
    -e "s#@AMI_PORT@#$AMI#g; s#@HTTP_PORT@#$HTTP#g; s#@SIP_PORT@#$SIP#g; s#@TRUNK_PORT@#$TRUNK#g" \
    -e "s#@RTP_START@#$RTP#g; s#@RTP_END@#$RTP_END#g" "$f" >"$ROOT$ETC/$(basename "$f")"
done

# --- start -----------------------------------------------------------------------------------------------------------
asterisk=(chroot "$ROOT" /usr/sbin/asterisk -C "$ETC/asterisk.conf")
# Load tests hold many calls; each takes several descriptors.
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)" 2>/dev/null || true
if [ "$foreground" = 1 ]; then
  echo "$$" >"$PIDFILE"
  rm -rf "$generated" # exec runs no EXIT trap
  exec "${asterisk[@]}" -f
fi
# A session of its own: a Ctrl-C meant for the test run must not take the PBX away before the test is done with it.
setsid "${asterisk[@]}" -f </dev/null >"$ROOT$LOG/stdout.log" 2>&1 &
pid=$!
echo "$pid" >"$PIDFILE"
give_up() {
  kill -KILL "$pid" 2>/dev/null || true
  rm -f "$PIDFILE"
  tail -n 20 "$ROOT$LOG/stdout.log" "$ROOT$LOG/messages.log" >&2 2>/dev/null || true
  fail "$*"
}
deadline=$((SECONDS + 120)) # it takes about a second; a busy machine may need much longer
while [ "$SECONDS" -lt "$deadline" ]; do
  kill -0 "$pid" 2>/dev/null || give_up "Asterisk died while it started"
  # The command waits by itself; it fails at once as long as the control socket is not there.
  if timeout 60 "${asterisk[@]}" -rx "core waitfullybooted" >/dev/null 2>&1; then
    taken tcp "$AMI" || give_up "Asterisk is up but does not listen on AMI port $AMI"
    echo "Asterisk pid $pid: AMI 127.0.0.1:$AMI, HTTP 127.0.0.1:$HTTP, SIP 127.0.0.1:$SIP, logs in $ROOT$LOG"
    exit 0
  fi
  sleep 0.1
done
give_up "Asterisk did not finish booting in two minutes"
