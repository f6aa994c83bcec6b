#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# When Debian's kernel moves on under a patch, the build stops and names patch, file and hunk.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

build_with_changed_source() { # FILE SED-SCRIPT
  rm -rf "$scratch/moved"
  cp -r "$fixture/tiny" "$scratch/moved"
  sed -i "$2" "$scratch/moved/linux-source-6.12/$1"
  tar -cJf "$scratch/moved.tar.xz" -C "$scratch/moved" linux-source-6.12
  status=0
  REMAPSTORM_LINUX_TARBALL=$scratch/moved.tar.xz "$tree/guest/build.sh" >"$scratch/out" 2>"$scratch/err" || status=$?
}
no_image() { [ -z "$(find "$REMAPSTORM_CACHE" -name manifest.json 2>/dev/null)" ]; }

build_with_changed_source mm/hugetlb_vmemmap.c 's/set_pte_at(&init_mm, addr, pte, entry);/set_pte(pte, entry);/'
patch=$(cd "$tree/guest/patches" && grep -l 'set_pte_at(&init_mm, addr, pte, entry)' hooks/*hugetlb_vmemmap*.patch | head -n 1)
expect "a changed line: exit 1" test $status = 1
expect "names the patch" contains "$scratch/err" "patch $patch,"
expect "names file and hunk" contains "$scratch/err" "file mm/hugetlb_vmemmap.c, hunk "
expect "names the kernel version" contains "$scratch/err" "kernel 6.12."
expect "leaves no image" no_image
expect "leaves no folder behind" test -z "$(find "$REMAPSTORM_CACHE/guest" -name '.build-*')"

build_with_changed_source arch/x86/kernel/alternative.c '1i /* moved by a line */'
expect "a hunk that only moved still applies" test $status = 0
finish
