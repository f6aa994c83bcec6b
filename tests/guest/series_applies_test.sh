#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The series applies to Debian's kernel source with git am and with quilt, without fuzz, and both give the same tree; so do
# the patches of each architecture alone.
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

# What guest/build.sh takes of the series.
names_for() { # ARCH
  bash -c 'guest=$1 arch=$2; . "$guest/build/inputs.sh"; series' names "$tree/guest" "$1"
}
apply_for() { # ARCH
  local name
  while IFS= read -r name; do
    patch -d "$scratch/$1" -p1 --force --fuzz=0 --quiet <"$tree/guest/patches/$name" || return
  done < <(names_for "$1")
}

export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.invalid GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.invalid
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
cp -r "$fixture/linux" "$scratch/git"
cp -r "$fixture/linux" "$scratch/quilt"
expect "series names every patch and no other" \
  diff <(names | sort) <(cd "$tree/guest/patches" && ls -- */*.patch)
expect "in each folder in the order of its numbers" diff <(names | sort -s -t / -k 1,1) <(names | sort)
for arch in x86_64 arm64; do
  cp -r "$fixture/linux" "$scratch/$arch"
  expect "$arch: hooks and its own patches" \
    diff <(names_for $arch | sort) <(cd "$tree/guest/patches" && ls -- hooks/*.patch $arch/*.patch)
  expect "$arch: they apply alone" apply_for $arch
done
expect "git am" git_am
expect "quilt push -a" quilt_push
expect "both give the same tree" diff -r --exclude=.git --exclude=.gitignore --exclude=.pc "$scratch/git" "$scratch/quilt"
expect "one commit for each patch" test "$(git -C "$scratch/git" rev-list --count HEAD)" = $(($(names | wc -l) + 1))
expect "neither driver nor ABI are part of the series" test -z "$(find "$scratch/git" -path '*remapstorm*')"
hooks=("$tree"/guest/patches/hooks/*.patch)
expect "at most five patches touch what all architectures share" test ${#hooks[@]} -le 5
for hook in "${hooks[@]}" "$tree"/guest/patches/arm64/*.patch; do
  expect "${hook##*/} changes at most 120 lines" test "$(grep -c '^[-+][^-+]' "$hook")" -le 120
done
finish
