#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Builds the guest image of a flavour into the cache, unless it is there already for these very inputs.
# The folder is the last line on stdout; everything else goes to stderr. Exit: 0 complete image, 1 the build failed
# (or --check found none), 4 something is not installed, 64 usage, 75 trouble of this host (disk full).
set -euo pipefail

guest=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=guest/build/say.sh
. "$guest/build/say.sh"
# shellcheck source=guest/build/arch.sh
. "$guest/build/arch.sh"
# shellcheck source=guest/build/inputs.sh
. "$guest/build/inputs.sh"
# shellcheck source=guest/build/image.sh
. "$guest/build/image.sh"
# shellcheck source=guest/build/progress.sh
. "$guest/build/progress.sh"
# shellcheck source=guest/build/kernel.sh
. "$guest/build/kernel.sh"
# shellcheck source=guest/build/initramfs.sh
. "$guest/build/initramfs.sh"

usage() {
  cat >&2 <<'EOF'
usage: guest/build.sh [--flavour NAME] [--arch NAME] [--check] [--print-dir] [--source]
  --flavour NAME  which guest kernel (a file of guest/kernel/config); default std
  --arch NAME     for which machine, x86_64 or arm64; default this one
  --check         build nothing; succeed if a complete image for the current inputs is there
  --print-dir     build nothing; print the folder, complete or not
  --source        build nothing; leave the patched kernel source in the current folder
EOF
}

flavour=std mode=build arch=$(own_arch)
while [ $# -gt 0 ]; do
  case $1 in
    --flavour) [ $# -ge 2 ] || fail $exit_usage "--flavour needs a name"; flavour=$2; shift ;;
    --flavour=*) flavour=${1#*=} ;;
    --arch) [ $# -ge 2 ] || fail $exit_usage "--arch needs a name"; arch=$2; shift ;;
    --arch=*) arch=${1#*=} ;;
    --check) mode=check ;;
    --print-dir) [ $mode = check ] || mode=print ;;
    --source) mode=source ;;
    -h | --help) usage; exit 0 ;;
    *) usage; fail $exit_usage "unknown argument: $1" ;;
  esac
  shift
done

cache=${REMAPSTORM_CACHE:-${XDG_CACHE_HOME:-${HOME:?HOME is not set and neither is REMAPSTORM_CACHE}/.cache}/remapstorm}/guest
choose_arch "$arch"
check_flavour "$flavour"
find_source
hash=$(hash_inputs "$flavour")
image=$cache/$flavour$image_label-$hash

case $mode in
  print) printf '%s\n' "$image"; exit 0 ;;
  check)
    image_matches_manifest "$image" sizes || exit 1
    printf '%s\n' "$image"
    exit 0 ;;
  source)
    need_packages
    work=$PWD prepare_source
    exit 0 ;;
esac

if ! image_matches_manifest "$image" sizes; then
  need_packages
  mkdir -p "$cache" || fail $exit_host "cannot make $cache"
  # On the folder itself: a lock that leaves no file behind, and goes with the process however it ends.
  exec {lock}<"$cache"
  if ! flock -n "$lock"; then
    say "another build of a guest image is under way; waiting for it"
    flock "$lock"
  fi
  if ! image_matches_manifest "$image" sizes; then
    build_image
  fi
fi
printf '%s\n' "$image"
