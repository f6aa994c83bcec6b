#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The image's folder has another name as soon as any input is another, and only then: what one architecture alone needs does
# not rebuild the others.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

cp -r "$tree/guest" "$scratch/guest"
name() { "$scratch/guest/build.sh" --print-dir --arch "${1:-x86_64}"; }
first=$(name)
first_arm64=$(name arm64)
expect "same inputs, same name" test "$(name)" = "$first"

cd "$scratch/guest"
changes() { # NAME ARCH: whether the folder has another name now
  [ "$(name "$2")" != "$1" ]
}
for file in build.sh build/*.sh driver/Kconfig driver/Makefile driver/*.[ch] driver/include/*.h patches/hooks/*.patch \
  kernel/config/base.config kernel/config/std.config kernel/cmdline/common abi/*.h agent/[!b]*.[ch] \
  {driver/arch/x86,patches/x86_64,kernel/cmdline/x86_64}/* kernel/config/x86_64/base.config agent/bare_x86_64.c \
  {driver/arch/arm64,patches/arm64,kernel/config/arm64}/* kernel/cmdline/arm64/nmi agent/bare_arm64.c; do
  cp "$file" "$scratch/saved"
  printf '\n' >>"$file"
  case $file in
    *x86*)
      expect "$file counts on x86_64" changes "$first" x86_64
      expect "$file does not on arm64" not changes "$first_arm64" arm64 ;;
    *arm64*)
      expect "$file counts on arm64" changes "$first_arm64" arm64
      expect "$file does not on x86_64" not changes "$first" x86_64 ;;
    *) expect "$file counts" changes "$first" x86_64 ;;
  esac
  cp "$scratch/saved" "$file"
done
expect "back to the first name" test "$(name)" = "$first"
cp patches/series "$scratch/saved"
sed -i '/^arm64/d' patches/series
expect "the series counts where it is applied" changes "$first_arm64" arm64
expect "and not elsewhere" not changes "$first" x86_64
cp "$scratch/saved" patches/series
expect "architectures share no image" test "${first%-*}" != "${first_arm64%-*}"
[ ! -e agent/README.md ] || printf '\n' >>agent/README.md
expect "documentation does not count" test "$(name)" = "$first"

mkdir "$scratch/bin"
printf '#!/bin/sh\necho "gcc (other) 1.0"\n' >"$scratch/bin/gcc"
chmod +x "$scratch/bin/gcc"
expect "the compiler counts" test "$(PATH=$scratch/bin:$PATH name)" != "$first"
printf x >"$scratch/other.tar.xz"
expect "the kernel source counts" test "$(REMAPSTORM_LINUX_TARBALL=$scratch/other.tar.xz name)" != "$first"
finish
