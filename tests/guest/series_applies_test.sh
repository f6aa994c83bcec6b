#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The series applies to Debian's kernel source with git am and with quilt, without fuzz, and both give the same tree.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

names() { sed -e 's/#.*//' -e '/^$/d' "$tree/guest/patches/series"; }
git_am() {
  cd "$scratch/git"
  git init -q && git add -f . && git commit -q -m base
  names | sed "s#^#$tree/guest/patches/#" | xargs git am -q
}
quilt_push() {
  cd "$scratch/quilt"
  QUILT_PATCHES=$tree/guest/patches QUILT_PC=$scratch/pc quilt --quiltrc - push -a -q --fuzz=0
}

export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.invalid GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.invalid
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
cp -r "$fixture/linux" "$scratch/git"
cp -r "$fixture/linux" "$scratch/quilt"
expect "series names every patch and no other" \
  diff <(names) <(cd "$tree/guest/patches" && ls -- */*.patch)
expect "git am" git_am
expect "quilt push -a" quilt_push
expect "both give the same tree" diff -r --exclude=.git --exclude=.gitignore --exclude=.pc "$scratch/git" "$scratch/quilt"
expect "one commit for each patch" test "$(git -C "$scratch/git" rev-list --count HEAD)" = $(($(names | wc -l) + 1))
expect "neither driver nor ABI are part of the series" test -z "$(find "$scratch/git" -path '*remapstorm*')"
hooks=("$tree"/guest/patches/hooks/*.patch)
expect "at most five patches touch what all architectures share" test ${#hooks[@]} -le 5
for hook in "${hooks[@]}"; do
  expect "${hook##*/} changes at most 120 lines" test "$(grep -c '^[-+][^-+]' "$hook")" -le 120
done
finish
