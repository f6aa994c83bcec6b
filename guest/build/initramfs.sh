# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The agent, and the initramfs around it: uncompressed, since unpacking runs in slow guest kernel mode on some hosts,
# and with fixed times, owners and order.

build_agent() {
  local nolibc=$work/linux/tools/include/nolibc
  local sources
  mapfile -t sources < <(cd "$guest" && agent_files | grep '\.c$' | sed "s#^#$guest/#")
  "${cross}gcc" -std=gnu11 -Os -Wall -Wextra -Werror -static -nostdlib -fno-pie -no-pie -fno-asynchronous-unwind-tables \
    -fno-stack-protector -ffunction-sections -Wl,--gc-sections -Wl,-z,noseparate-code -Wl,--build-id=none -s \
    -include "$nolibc/nolibc.h" -I"$nolibc" -I"$guest/abi" "${agent_flags[@]}" \
    -o "$work/agent" "${sources[@]}" -lgcc
}

pack_initramfs() {
  local output=$1
  gcc -O1 -o "$work/gen_init_cpio" "$work/linux/usr/gen_init_cpio.c" || return
  printf '%s\n' 'dir /dev 0755 0 0' 'nod /dev/console 0600 0 0 c 5 1' 'dir /proc 0755 0 0' \
    "${agent_nodes[@]}" "file /init $work/agent 0755 0 0" >"$work/initramfs.list" || return
  "$work/gen_init_cpio" -t 0 "$work/initramfs.list" >"$output"
}

make_initramfs() { build_agent && pack_initramfs "$1"; }

build_initramfs() {
  run_step initramfs make_initramfs "$1" || fail_with_log "the agent does not build" "$work/log"
}
