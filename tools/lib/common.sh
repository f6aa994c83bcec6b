# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every script here starts with. The caller has set `tree`, the top of the source tree.

# Unset, as under some service managers, it is what the user database says; also for what is started from here.
home=~
export HOME=${HOME:-$home}
cache=${REMAPSTORM_CACHE:-${XDG_CACHE_HOME:-$home/.cache}/remapstorm}

# Exit codes, the same as the program's (results/exit_code.h).
exit_failed=1 exit_unavailable=4 exit_usage=64 exit_internal=70 exit_host=75
export exit_failed exit_unavailable exit_usage exit_internal exit_host

say() { printf 'remapstorm: %s\n' "$*" >&2; }

# die CODE MESSAGE [HINT]
die() {
  printf 'remapstorm: %s\n' "$2" >&2
  [ -z "${3:-}" ] || printf 'HINT: %s\n' "$3" >&2
  exit "$1"
}

# place_code PATH: the exit code for what cannot be made at PATH. Where nobody may write no retry helps; where one may,
# it is something that passes, such as a full disk.
place_code() {
  local at=$1
  until [ -e "$at" ]; do at=$(dirname "$at"); done
  if [ -d "$at" ] && [ -w "$at" ]; then echo "$exit_host"; else echo "$exit_unavailable"; fi
}

# The one place for logs and figures of this tree. Two trees do not share a folder.
work_folder() {
  local key
  key=$(printf '%s' "$tree" | cksum)
  work=$cache/trees/${key%% *}
  [ -d "$work/logs" ] || mkdir -p "$work/logs" "$work/durations" 2>/dev/null ||
    die "$(place_code "$work/logs")" "cannot create $work" "set REMAPSTORM_CACHE to a folder you can write to"
  [ -w "$work/logs" ] || die "$exit_unavailable" "cannot write to $work" "set REMAPSTORM_CACHE to a folder you can write to"
}

# write_file PATH: standard input to PATH, whole or not at all.
write_file() {
  local temporary=$1.tmp.$$
  if cat >"$temporary" && mv -f "$temporary" "$1"; then return 0; fi
  rm -f "$temporary"
  return 1
}

# lock_folder FOLDER WHAT: holds FOLDER for this process and what it starts, until they are gone. The lock is on the
# open folder itself, so that no lock file is left behind by anything, kill -9 included.
lock_folder() {
  local fd waited=0
  exec {fd}<"$1" || die "$exit_host" "cannot open $1"
  until flock --nonblock "$fd"; do
    [ $((waited % 10)) -ne 0 ] || say "waiting for another remapstorm that is $2 ($((waited))s)"
    flock --timeout 1 "$fd" && break
    waited=$((waited + 1))
  done
  held_lock=$fd
}
unlock_folder() { exec {held_lock}<&-; }
