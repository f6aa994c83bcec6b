#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What mailing lists and licences ask of the patches and of the files around them.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$tree/guest"
spdx() { head -n 2 "$1" | grep -q 'SPDX-License-Identifier: '; }
# Every file that a patch makes begins with the identifier.
new_files_have_spdx() {
  awk '/^--- \/dev\/null/ { new = 1 } new && /^@@/ { getline; if ($0 !~ /SPDX-License-Identifier: GPL-2.0-only/) bad = 1; new = 0 }
    END { exit bad }' "$1"
}
headers() {
  awk 'NR == 2 && $0 != "From: remapstorm developers <remapstorm@example.invalid>" { exit 1 }
    /^Subject: \[PATCH\] [a-z0-9\/_]*: / { subject = 1 }
    /^Subject: / { sub(/^Subject: \[PATCH\] /, ""); if (length($0) > 75) exit 1 }
    /^diff --git/ { exit !(subject && reason >= 2) }
    subject && blank && NF { reason++ }
    subject && !NF { blank = 1 }' "$1"
}
added() { sed -n 's/^+\([^+].*\)\{0,1\}$/\1/p' "$1"; }
for patch in patches/*/*.patch; do
  expect "$patch: From, subsystem in the subject, a reason" headers "$patch"
  expect "$patch: SPDX in new files" new_files_have_spdx "$patch"
  expect "$patch: no blanks at line ends" not grep -nE '^\+.*[[:space:]]$' "$patch"
  expect "$patch: no blank before a tab" not grep -nE $'^\\+.* \t' "$patch"
  expect "$patch: lines of 100 columns at most" test -z "$(added "$patch" | expand | awk 'length($0) > 100')"
  expect "$patch: small" test "$(added "$patch" | wc -l)" -le 300
done
for file in driver/*.[ch] driver/*/*.[ch] driver/arch/*/*.[ch]; do
  expect "$file: SPDX, the kernel's licence" grep -q 'SPDX-License-Identifier: GPL-2.0-only' <(head -n 1 "$file")
  expect "$file: no blanks at line ends" not grep -nE '[[:space:]]$' "$file"
  expect "$file: no blank before a tab" not grep -nE $' \t' "$file"
  expect "$file: lines of 100 columns at most" test -z "$(expand "$file" | awk 'length($0) > 100')"
done
mapfile -t cmdlines < <(find kernel/cmdline -type f)
for file in build.sh build/*.sh patches/series driver/Kconfig driver/Makefile kernel/config/*.config \
  kernel/config/*/*.config "${cmdlines[@]}" agent/*.[ch] abi/*.h; do
  expect "$file: SPDX" spdx "$file"
done
expect "no carriage return anywhere" not grep -rlI $'\r' .
finish
