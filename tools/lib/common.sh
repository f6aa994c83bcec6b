# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What every script here starts with. The caller has set `tree`, the top of the source tree.

# Unset, as under some service managers, HOME is what the user database says; also for what is started from here.
export HOME=${HOME-~}
cache=${REMAPSTORM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/remapstorm}

# Exit codes, the same as the program's (results/exit_code.h).
exit_failed=1 exit_unavailable=4 exit_usage=64 exit_internal=70 exit_host=75
export exit_failed exit_unavailable exit_usage exit_internal exit_host

say() { printf 'remapstorm: %s\n' "$*" >&2; }

# die CODE MESSAGE [HINT]
die() {
  say "$2"
  [ -z "${3-}" ] || printf 'HINT: %s\n' "$3" >&2
  exit "$1"
}

# make_folder PATH HINT: a folder we can write to. Where nobody may write no retry helps; where one may, what is in the
# way passes, such as a full disk.
make_folder() {
  local at=$1
  mkdir -p "$1" 2>/dev/null && [ -w "$1" ] && return
  until [ -e "$at" ]; do at=$(dirname "$at"); done
  [ -d "$at" ] && [ -w "$at" ] && die "$exit_host" "cannot create $1" "$2"
  die "$exit_unavailable" "cannot write to $1" "$2"
}

# The one place for logs and figures of this tree. Two trees do not share a folder.
work_folder() {
  local key
  key=$(printf '%s' "$tree" | cksum)
  work=$cache/trees/${key%% *}
  make_folder "$work/logs" "set REMAPSTORM_CACHE to a folder you can write to"
  make_folder "$work/durations" "set REMAPSTORM_CACHE to a folder you can write to"
}

# shellcheck source=tools/lib/lab.sh
. "$tree/tools/lib/lab.sh"
# shellcheck source=tools/lib/progress.sh
. "$tree/tools/lib/progress.sh"
# shellcheck source=tools/lib/packages.sh
. "$tree/tools/lib/packages.sh"
# shellcheck source=tools/lib/build.sh
. "$tree/tools/lib/build.sh"
# shellcheck source=tools/lib/guest.sh
. "$tree/tools/lib/guest.sh"
