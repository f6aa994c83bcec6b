# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Messages and exit codes of guest/build.sh.

exit_failed=1 exit_unavailable=4 exit_usage=64 exit_host=75

say() { printf 'guest: %s\n' "$*" >&2; }

# fail CODE MESSAGE [HINT]
fail() {
  printf 'guest: error: %s\n' "$2" >&2
  [ -z "${3-}" ] || printf 'HINT: %s\n' "$3" >&2
  exit "$1"
}

# Which of the two a failed command's log shows: a full disk is the host's trouble, not the build's.
fail_with_log() {
  local what=$1 log=$2
  tail -n 25 "$log" | sed 's/^/  | /' >&2
  if grep -q 'No space left on device' "$log"; then
    fail $exit_host "$what: no space left below $cache" "free a few GiB there, or set REMAPSTORM_CACHE"
  fi
  fail $exit_failed "$what"
}

need_packages() {
  local pair missing=()
  for pair in gcc:gcc make:make ld:binutils bc:bc flex:flex bison:bison xz:xz-utils tar:tar patch:patch sha256sum:coreutils \
    flock:util-linux; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
  done
  [ -e /usr/include/gelf.h ] || missing+=(libelf-dev)
  [ -e /usr/include/linux/types.h ] || missing+=(linux-libc-dev)
  [ -r "$tarball" ] || missing+=(linux-source-6.12)
  mapfile -t -O ${#missing[@]} missing < <(missing_cross_packages)
  [ ${#missing[@]} = 0 ] ||
    fail $exit_unavailable "not installed: ${missing[*]}" "apt-get install ${missing[*]}"
}
