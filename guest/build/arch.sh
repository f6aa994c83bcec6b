# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The architecture of an image, and the compiler for it.

own_arch() {
  case $(uname -m) in
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

# choose_arch NAME: sets arch, driver_arch (its folder in the driver, as the kernel's make calls it), cross (what the names of
# compiler and linker begin with), image_files, agent_flags and agent_nodes (compiler options, and what else is in the
# initramfs), and image_label, which is part of the names in the cache. x86_64 has none there: images had that name before
# there were others.
choose_arch() {
  local triplet
  arch=$1 image_files=(vmlinux initramfs.cpio config) image_label=-$1 agent_flags=() agent_nodes=()
  case $arch in
    x86_64) driver_arch=x86 triplet=x86_64-linux-gnu image_label= ;;
    # What boots is the Image; vmlinux has the symbols.
    arm64)
      driver_arch=arm64 triplet=aarch64-linux-gnu image_files+=(Image)
      # Atomics of libgcc ask the C library, which is not there, what the processor can do.
      agent_flags=(-mno-outline-atomics -Wl,-z,max-page-size=4096)
      # Where there is no driver the agent finds the doorbell there.
      agent_nodes=('nod /dev/mem 0600 0 0 c 1 1') ;;
    *) fail $exit_usage "no architecture '$arch'; there is: x86_64 arm64" ;;
  esac
  cross=
  [ "$arch" = "$(own_arch)" ] || cross=$triplet-
}

# What a compiler for another machine needs besides those of this one: names of packages, those that are missing.
missing_cross_packages() {
  local headers=amd64
  [ -n "$cross" ] || return 0
  [ "$arch" = x86_64 ] || headers=$arch
  command -v "${cross}gcc" >/dev/null || printf '%s\n' "gcc-${cross%-}" | tr _ -
  # The agent's, and of these the kernel's.
  "${cross}gcc" -E -include linux/types.h -x c /dev/null >/dev/null 2>&1 || echo "libc6-dev-$headers-cross"
}
