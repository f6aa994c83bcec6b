# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Common to the tests of this folder. First argument of each: the fixture's folder.

tree=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
fixture=${1:?usage: $0 FIXTURE}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export REMAPSTORM_CACHE=$scratch/cache REMAPSTORM_LINUX_TARBALL=$fixture/tiny.tar.xz
unset XDG_CACHE_HOME

failures=0
expect() { # expect TEXT COMMAND...
  local text=$1
  shift
  if "$@"; then
    printf 'ok   %s\n' "$text"
  else
    printf 'FAIL %s\n     %s\n' "$text" "$*"
    failures=$((failures + 1))
  fi
}
not() { ! "$@"; }
contains() { grep -qF -- "$2" "$1" || { sed 's/^/     | /' "$1"; return 1; }; }
finish() { [ $failures = 0 ] || { printf '%d failed\n' "$failures"; exit 1; }; }
