#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The image's folder has another name as soon as any input is another, and only then.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

cp -r "$tree/guest" "$scratch/guest"
name() { "$scratch/guest/build.sh" --print-dir; }
first=$(name)
expect "same inputs, same name" test "$(name)" = "$first"

cd "$scratch/guest"
for file in build.sh build/*.sh driver/Kconfig driver/Makefile driver/*.[ch] driver/include/*.h driver/arch/*/*.[ch] patches/series patches/*/*.patch \
  kernel/config/base.config kernel/config/std.config \
  kernel/cmdline/* abi/*.h agent/*.[ch]; do
  cp "$file" "$scratch/saved"
  printf '\n' >>"$file"
  expect "$file counts" test "$(name)" != "$first"
  cp "$scratch/saved" "$file"
done
expect "back to the first name" test "$(name)" = "$first"
[ ! -e agent/README.md ] || printf '\n' >>agent/README.md
expect "documentation does not count" test "$(name)" = "$first"

mkdir "$scratch/bin"
printf '#!/bin/sh\necho "gcc (other) 1.0"\n' >"$scratch/bin/gcc"
chmod +x "$scratch/bin/gcc"
expect "the compiler counts" test "$(PATH=$scratch/bin:$PATH name)" != "$first"
printf x >"$scratch/other.tar.xz"
expect "the kernel source counts" test "$(REMAPSTORM_LINUX_TARBALL=$scratch/other.tar.xz name)" != "$first"
finish
