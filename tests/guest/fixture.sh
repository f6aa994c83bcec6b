#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# fixture.sh DIR: from the kernel's tarball, DIR/linux with only what the series touches and the build needs besides, and
# DIR/tiny.tar.xz of it with a Makefile that "builds" a kernel at once. Made once for each state of tarball and series.
set -euo pipefail
tree=$(cd "$(dirname "$0")/../.." && pwd)
dir=$1
tarball=/usr/src/linux-source-6.12.tar.xz
[ -r "$tarball" ] || { echo "FAIL: $tarball is not installed (apt-get install linux-source-6.12)"; exit 1; }
state=$({ stat -c '%s %Y' "$tarball"; cat "$tree"/guest/patches/*/*.patch "$0"; } | sha256sum)
if [ -e "$dir/state" ] && [ "$(<"$dir/state")" = "$state" ]; then exit 0; fi

rm -rf "$dir"
mkdir -p "$dir/linux"
sed -n 's#^--- a/#linux-source-6.12/#p' "$tree"/guest/patches/*/*.patch | sort -u >"$dir/members"
printf '%s\n' linux-source-6.12/Makefile linux-source-6.12/usr/gen_init_cpio.c linux-source-6.12/tools/include/nolibc >>"$dir/members"
tar -xJf "$tarball" -C "$dir/linux" --strip-components=1 -T "$dir/members"

mkdir -p "$dir/tiny" "$dir/linux/include/linux"
cp -r "$dir/linux" "$dir/tiny/linux-source-6.12"
# As much of the kernel's Makefile as guest/build.sh sees. FAKE_KERNEL_SECONDS: how long "compiling" takes.
# shellcheck disable=SC2016  # make expands these, not the shell
{
  sed -n '/^VERSION\|^PATCHLEVEL\|^SUBLEVEL/p' "$dir/linux/Makefile"
  printf 'allnoconfig:\n\tcp $(KCONFIG_ALLCONFIG) .config\n'
  printf 'vmlinux:\n\t@echo "  CC  fake"; sleep $${FAKE_KERNEL_SECONDS:-0}; echo fake >vmlinux\n'
  printf 'Image:\n\tmkdir -p arch/arm64/boot && echo fake >arch/arm64/boot/Image\n'
} >"$dir/tiny/linux-source-6.12/Makefile"
tar -cJf "$dir/tiny.tar.xz" -C "$dir/tiny" linux-source-6.12
printf '%s\n' "$state" >"$dir/state"
