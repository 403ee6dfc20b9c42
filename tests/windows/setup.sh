#!/usr/bin/env bash
# Make, once, what builds and runs programs of the project for Windows (x86_64-pc-windows-gnu) on Debian.
#
#   setup.sh          prints the folder, the only line on its standard output. In it: sysroot, wine (runs a program), env.sh
#
# Environment:
#   JACKFIELD_WINDOWS_ROOT  the folder (default ${XDG_CACHE_HOME:-~/.cache}/jackfield/windows)
#   DEBIAN_MIRROR           Debian archive to take the standard library's sources from (default: this machine's)
#
# What it makes, and leaves out where it is there already:
#   1. packages: a C linker for Windows (mingw-w64), and Wine, which runs the programs;
#   2. the sources of the standard library of exactly the compiler that is active: from the toolchain's own component
#      if it has them, else Debian's package rust-src of that version, looked for in several suites. The apt that
#      fetches it has folders of its own: this machine's sources of packages are not touched;
#   3. the standard library, compiled from them, in a folder of the layout of a sysroot. Only this step may use
#      features that the stable compiler does not offer; the project itself is built without;
#   4. Wine's folder. A Wine before version 9 has no bcryptprimitives.dll, which Rust's standard library wants: a
#      stand-in with its one function is compiled there. It is for tests and nothing else.
#
# Exit status: 0 ready, 77 it cannot be had here (one sentence on standard error says why), 1 it went wrong.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive

ROOT=${JACKFIELD_WINDOWS_ROOT:-${XDG_CACHE_HOME:-$HOME/.cache}/jackfield/windows}
TARGET=x86_64-pc-windows-gnu
CC=x86_64-w64-mingw32-gcc
WINE=/usr/lib/wine/wine64

say() { printf 'windows: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
cannot() { printf 'Tests for Windows cannot run here: %s.\n' "$*" >&2; exit 77; }

command -v rustc >/dev/null || cannot "there is no rustc"
[ "$(uname -sm)" = "Linux x86_64" ] || cannot "it is done on Linux on x86-64 only"
RELEASE=$(rustc -vV | sed -n 's/^release: //p')
COMMIT=$(rustc -vV | sed -n 's/^commit-hash: //p')
HOST=$(rustc -vV | sed -n 's/^host: //p')
SYSROOT=$ROOT/sysroot-$RELEASE-${COMMIT:0:9}

# One at a time; whoever waited finds the work done.
mkdir -p "$ROOT"
exec 9>"$ROOT/lock"
flock 9

# --- 1. packages --------------------------------------------------------------------------------------------------
need=()
command -v $CC >/dev/null || need+=(gcc-mingw-w64-x86-64-win32)
[ -e /usr/x86_64-w64-mingw32/lib/libws2_32.a ] || need+=(mingw-w64-x86-64-dev)
[ -x $WINE ] || need+=(wine64)
if [ ${#need[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || cannot "${need[*]}: these packages of Debian are missing, and there is no apt-get"
  [ "$(id -u)" = 0 ] || cannot "${need[*]}: these packages of Debian are missing, and only root can install them"
  say "installing ${need[*]}"
  lock=(-o DPkg::Lock::Timeout=300)
  apt-get install -y -qq "${lock[@]}" --no-install-recommends "${need[@]}" >"$ROOT/apt.log" 2>&1 9>&- ||
    { apt-get update -qq "${lock[@]}" >>"$ROOT/apt.log" 2>&1 9>&- || true
      apt-get install -y -qq "${lock[@]}" --no-install-recommends "${need[@]}" >>"$ROOT/apt.log" 2>&1 9>&-; } ||
    { tail -n 5 "$ROOT/apt.log" >&2; cannot "${need[*]}: these packages cannot be installed"; }
fi
[ -x $WINE ] || cannot "Debian's wine64 has its loader elsewhere than at $WINE"

# --- 2. sources of the standard library ---------------------------------------------------------------------------
library() {
  local own debian=$ROOT/rust-src-$RELEASE/usr/src/rustc-$RELEASE/library
  own=$(rustc --print sysroot)/lib/rustlib/src/rust/library
  if [ -f "$own/std/Cargo.toml" ]; then echo "$own"; return; fi
  if [ -f "$debian/std/Cargo.toml" ]; then echo "$debian"; return; fi
  return 1
}

# The archives that this machine's apt uses, by the last part of their addresses.
archive() {
  apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' 2>/dev/null | grep -E "/$1/?\$" | head -n 1 || true
}

fetch() {
  command -v apt-get >/dev/null || return 1
  local mirror=${DEBIAN_MIRROR:-$(archive debian)} security private=$ROOT/apt suite from row name version options
  security=$(archive debian-security)
  for suite in bookworm-security trixie-backports trixie forky sid experimental; do
    from=$mirror
    [ $suite = bookworm-security ] && from=$security
    [ -n "$from" ] || continue
    rm -rf "$private"
    mkdir -p "$private"/state/lists/partial "$private"/cache/archives/partial
    : >"$private/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $from $suite main" >"$private/sources.list"
    options=(-o Dir::Etc::sourcelist="$private/sources.list" -o Dir::Etc::sourceparts=- -o Dir::State="$private/state"
      -o Dir::State::status="$private/status" -o Dir::Cache="$private/cache" -o APT::Sandbox::User="$(id -un)")
    apt-get "${options[@]}" update -qq >/dev/null 2>&1 || continue
    row=$(apt-cache "${options[@]}" madison rust-src rust-web-src |
      awk -F'|' -v wanted="$RELEASE+" '{ gsub(/ /, "") } index($2, wanted) == 1 { print $1, $2; exit }')
    [ -n "$row" ] || continue
    read -r name version <<<"$row"
    say "sources of the standard library: $name $version from $suite"
    (cd "$private" && apt-get "${options[@]}" download -qq "$name=$version" >/dev/null 2>&1) || continue
    rm -rf "$ROOT/rust-src-$RELEASE"
    mkdir -p "$ROOT/rust-src-$RELEASE"
    dpkg -x "$private/$name"_*.deb "$ROOT/rust-src-$RELEASE"
    # The compiler's own sources are of no use here, and large.
    find "$ROOT/rust-src-$RELEASE/usr/src/rustc-$RELEASE" -mindepth 1 -maxdepth 1 ! -name library -exec rm -rf {} +
    rm -rf "$private"
    return 0
  done
  rm -rf "$private"
  return 1
}

# --- 3. the standard library --------------------------------------------------------------------------------------
if [ ! -f "$SYSROOT/complete" ]; then
  library >/dev/null || fetch ||
    cannot "the sources of Rust $RELEASE's standard library are neither in the toolchain (component rust-src) nor in Debian"
  sources=$(library) || die "the package of the sources has not got library/std"
  say "compiling the standard library of Rust $RELEASE for $TARGET"
  work=$ROOT/build-$RELEASE
  rm -rf "$work"
  mkdir -p "$work/src" "$work/.cargo"
  printf '[package]\nname = "seed"\nversion = "0.0.0"\nedition = "2021"\n[profile.release]\ndebug = 0\n[workspace]\n' >"$work/Cargo.toml"
  : >"$work/src/lib.rs"
  if [ -d "$sources/vendor" ]; then # what the standard library depends on comes with its sources
    printf '[source.crates-io]\nreplace-with = "with-std"\n[source.with-std]\ndirectory = "%s/vendor"\n' "$sources" >"$work/.cargo/config.toml"
  fi
  (
    cd "$work"
    unset RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS
    RUSTC_BOOTSTRAP=1 __CARGO_TESTS_ONLY_SRC_ROOT="$sources" CARGO_TARGET_DIR="$work/target" \
      CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$CC \
      cargo build -q --release --target $TARGET -Zbuild-std=std,panic_abort,panic_unwind,test,proc_macro >&2
  )
  libraries=$SYSROOT/lib/rustlib/$TARGET/lib
  rm -rf "$SYSROOT"
  mkdir -p "$libraries"
  cp "$work/target/$TARGET/release/deps/"lib*.rlib "$libraries/"
  rm -f "$libraries"/libseed-*.rlib
  ln -sfn "$(rustc --print sysroot)/lib/rustlib/$HOST" "$SYSROOT/lib/rustlib/$HOST"
  touch "$SYSROOT/complete"
  rm -rf "$work"
fi

# --- 4. Wine ------------------------------------------------------------------------------------------------------
cat >"$ROOT/wine" <<W
#!/bin/sh
# Runs a program for Windows, without a display, without Wine's own messages, and without its debugger for what crashes.
export WINEPREFIX="$ROOT/prefix" WINEARCH=win64 WINEDEBUG="\${WINEDEBUG:--all}" WINEDLLOVERRIDES="\${WINEDLLOVERRIDES:-mscoree=;mshtml=;winedbg.exe=d}"
unset DISPLAY WAYLAND_DISPLAY
exec $WINE "\$@"
W
chmod +x "$ROOT/wine"
if [ ! -f "$ROOT/prefix/complete" ]; then
  say "making Wine's folder ($($WINE --version))"
  # Nothing that outlives this script keeps its lock.
  timeout 180 "$ROOT/wine" wineboot -i >/dev/null 2>&1 9>&- || true
  for _ in $(seq 120); do
    [ -f "$ROOT/prefix/system.reg" ] && break
    sleep 0.5
  done
  [ -f "$ROOT/prefix/system.reg" ] || die "Wine has not made its folder $ROOT/prefix"
  system=$ROOT/prefix/drive_c/windows/system32
  own=$(dirname "$(find /usr/lib -path '*x86_64-windows/kernel32.dll' -print -quit)")
  if [ ! -e "$own/bcryptprimitives.dll" ] && [ ! -e "$system/bcryptprimitives.dll" ]; then
    cat >"$ROOT/bcryptprimitives.c" <<'C'
/* For tests under a Wine that has no bcryptprimitives.dll: its one function that is wanted, by way of another library's
 * random numbers. No program that is delivered needs or gets it. */
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE to, SIZE_T wanted)
{
    for (; wanted > 0x10000000; to += 0x10000000, wanted -= 0x10000000)
        if (!SystemFunction036(to, 0x10000000)) return FALSE;
    return wanted == 0 || SystemFunction036(to, (ULONG)wanted);
}
C
    $CC -shared -O2 -s -o "$system/bcryptprimitives.dll" "$ROOT/bcryptprimitives.c" -ladvapi32
  fi
  touch "$ROOT/prefix/complete"
fi

ln -sfn "$SYSROOT" "$ROOT/sysroot"
cat >"$ROOT/env.sh" <<V
# For a shell: . this, then cargo build|test|run --target $TARGET
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_LINKER=$CC
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER="$ROOT/wine"
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUSTFLAGS="--sysroot=$ROOT/sysroot"
V

# Libraries that a test has loaded cannot be removed by it: what it leaves behind is. Not what may be another run's.
find "$ROOT"/prefix/drive_c/users/*/Temp -mindepth 1 -maxdepth 1 -mmin +120 -exec rm -rf {} + 2>/dev/null || true

# --- whether it works ---------------------------------------------------------------------------------------------
if [ ! -f "$SYSROOT/tried" ]; then
  try=$ROOT/try
  rm -rf "$try"
  mkdir -p "$try"
  printf 'fn main() { let n = std::thread::spawn(|| 40 + 2).join().unwrap(); let c = std::panic::catch_unwind(|| panic!("x")); println!("{} {n} {}", std::env::consts::OS, c.is_err()); }\n' >"$try/try.rs"
  rustc --sysroot="$SYSROOT" --target $TARGET -C linker=$CC -o "$try/try.exe" "$try/try.rs"
  said=$("$ROOT/wine" "$try/try.exe" 2>/dev/null 9>&- | tr -d '\r')
  [ "$said" = "windows 42 true" ] || die "a small program says '$said' instead of 'windows 42 true'"
  rm -rf "$try"
  touch "$SYSROOT/tried"
fi
echo "$ROOT"
