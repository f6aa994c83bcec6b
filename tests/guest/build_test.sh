#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# guest/build.sh with a kernel that compiles at once: complete or nothing, whatever happens on the way.
set -euo pipefail
# shellcheck source=tests/guest/lib.sh
. "$(dirname "$0")/lib.sh"

build="$tree/guest/build.sh"
guest_cache=$REMAPSTORM_CACHE/guest
images() { find "$guest_cache" -maxdepth 1 -name 'std-*' | wc -l; }
leftovers() { find "$guest_cache" -maxdepth 1 -name '.build-*' | wc -l; }
start_slow() { FAKE_KERNEL_SECONDS=60 "$build" >"$scratch/slow" 2>&1 & slow=$!; }
wait_for_compile() {
  for ((i = 0; i < 300; i++)); do
    grep -qs '3/4 kernel' "$scratch/slow" && sleep 0.5 && return
    sleep 0.1
  done
  echo "the build did not get to compiling" && return 1
}
gone() { # no process of that build is left
  for ((i = 0; i < 50; i++)); do
    [ -n "$(pgrep -f "$guest_cache/.build-" || true)" ] || return 0
    sleep 0.1
  done
  return 1
}

expect "--check without an image fails" not "$build" --check
dir=$("$build" --print-dir)
expect "--print-dir names a folder of the cache" test "${dir%/*}" = "$guest_cache"

start_slow
wait_for_compile
kill -TERM $slow
status=0 && wait $slow || status=$?
expect "SIGTERM ends it with 143" test $status = 143
expect "SIGTERM leaves no image" test "$(images)" = 0
expect "SIGTERM leaves no folder" test "$(leftovers)" = 0
expect "SIGTERM leaves no process" gone

start_slow
wait_for_compile
kill -KILL $slow
wait $slow 2>/dev/null || true
expect "SIGKILL: what it started ends by itself" gone
expect "SIGKILL leaves no image" test "$(images)" = 0
expect "SIGKILL: --check says so" not "$build" --check

status=0
"$build" >"$scratch/out" 2>"$scratch/err" || status=$?
expect "the next build completes" test $status = 0
expect "and removes what was left" test "$(leftovers)" = 0
expect "last line is the folder" test "$(tail -n 1 "$scratch/out")" = "$dir"
for file in vmlinux initramfs.cpio config manifest.json cmdline/common cmdline/interpreting; do
  expect "image has $file" test -s "$dir/$file"
done
expect "manifest is JSON of schema 1" python3 -c '
import json, sys
m = json.load(open(sys.argv[1]))
assert m["schema"] == 1 and m["flavour"] == "std" and m["hash"] in sys.argv[1], m
assert m["kernel_version"].startswith("6.12.") and "bbm-fault" in m["strategies"], m
assert m["architecture"] == "x86_64" and "bbml2" not in m["strategies"] and "bbm-fault-ipi" in m["strategies"], m
assert m["cmdline"] == ["common", "interpreting"], m
assert all(len(m[k + "_sha256"]) == 64 for k in ("config", "series", "vmlinux", "initramfs")), m' "$dir/manifest.json"
expect "--check succeeds" "$build" --check
before=$(stat -c %Y.%i "$dir/vmlinux")
"$build" >/dev/null 2>&1
expect "a second build builds nothing" test "$(stat -c %Y.%i "$dir/vmlinux")" = "$before"

printf x >>"$dir/vmlinux"
expect "a damaged image is seen" not "$build" --check
"$build" >/dev/null 2>&1
expect "and built again" "$build" --check

rm -rf "$dir"
FAKE_KERNEL_SECONDS=2 "$build" >"$scratch/one" 2>&1 & one=$!
FAKE_KERNEL_SECONDS=2 "$build" >"$scratch/two" 2>&1 & two=$!
status=0
wait $one || status=$?
wait $two || status=$?
expect "two at once: both succeed" test $status = 0
expect "one of them waited" grep -q 'another build' "$scratch/one" "$scratch/two"

status=0
"$build" --flavour nonsense >/dev/null 2>"$scratch/err" || status=$?
expect "unknown flavour: exit 64" test $status = 64
expect "says which there are" contains "$scratch/err" "there is: debug lockdep rt std"
status=0
"$build" --nonsense >/dev/null 2>&1 || status=$?
expect "unknown argument: exit 64" test $status = 64

status=0
"$build" --arch mips >/dev/null 2>"$scratch/err" || status=$?
expect "unknown architecture: exit 64" test $status = 64
expect "says which there are" contains "$scratch/err" "there is: x86_64 arm64"

mkdir "$scratch/bin"
for tool in $(compgen -c | sort -u); do
  case $tool in aarch64-linux-gnu-*) continue ;; esac
  path=$(type -P "$tool") && ln -sf "$path" "$scratch/bin/$tool"
done
status=0
PATH=$scratch/bin "$build" --arch arm64 >/dev/null 2>"$scratch/err" || status=$?
expect "no compiler for another architecture: exit 4" test $status = 4
expect "and its packages are named with a HINT" \
  contains "$scratch/err" "HINT: apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"

# A compiler that makes whatever is asked for.
# shellcheck disable=SC2016  # the made script's words
printf '#!/bin/sh\nwhile [ $# -gt 1 ]; do [ "$1" != -o ] || echo fake >"$2"; shift; done\n' >"$scratch/bin/aarch64-linux-gnu-gcc"
chmod +x "$scratch/bin/aarch64-linux-gnu-gcc"
arm64=$(PATH=$scratch/bin "$build" --arch arm64 2>"$scratch/err" | tail -n 1)
for file in vmlinux Image initramfs.cpio config manifest.json cmdline/common cmdline/nmi; do
  expect "image for arm64 has $file" test -s "$arm64/$file"
done
expect "and no command line of x86_64" not grep -rq tsc "$arm64/cmdline"
expect "its manifest says what it is" python3 -c '
import json, sys
m = json.load(open(sys.argv[1]))
assert m["architecture"] == "arm64" and m["flavour"] == "std" and len(m["image_sha256"]) == 64, m
assert "bbml2" in m["strategies"] and "bbm-fault-ipi" not in m["strategies"], m
assert m["cmdline"] == ["common", "nmi"], m' "$arm64/manifest.json"
expect "both are in the cache" "$build" --check
printf x >>"$arm64/Image"
expect "a damaged Image is seen" not env PATH="$scratch/bin" "$build" --arch arm64 --check

rm -rf "$dir" "$scratch/bin/flex"
status=0
PATH=$scratch/bin "$build" >/dev/null 2>"$scratch/err" || status=$?
expect "a missing package: exit 4" test $status = 4
expect "and is named with a HINT" contains "$scratch/err" "HINT: apt-get install flex"
finish
