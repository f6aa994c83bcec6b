# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What an image is made from, and the hash over it.

# Changed when the way of building changes what comes out, and no other input would show it.
recipe=1

check_flavour() {
  case $1 in
    base | '' | *[!a-z0-9-]*) ;;
    *) [ ! -r "$guest/kernel/config/$1.config" ] || return 0 ;;
  esac
  fail $exit_usage "no flavour '$1'; there is: $(list_flavours)"
}

list_flavours() {
  local file
  for file in "$guest"/kernel/config/*.config; do
    file=${file##*/}
    [ "$file" = base.config ] || printf '%s ' "${file%.config}"
  done
}

# Sets tarball and source_identity: the package's version and the checksum it came with, or, for a tarball of one's own,
# its checksum.
find_source() {
  tarball=${REMAPSTORM_LINUX_TARBALL:-/usr/src/linux-source-6.12.tar.xz}
  source_version=unknown source_identity=missing
  [ -r "$tarball" ] || return 0
  if [ -n "${REMAPSTORM_LINUX_TARBALL-}" ]; then
    source_identity=$(sha256sum "$tarball")
    source_identity=${source_identity%% *}
  else
    source_version=$(dpkg-query -W -f '${Version}' linux-source-6.12 2>/dev/null || echo unknown)
    source_identity="$source_version $(stat -c '%s %Y' "$tarball") $(
      grep -h 'linux-source-6.12.tar.xz' /var/lib/dpkg/info/linux-source-6.12.md5sums 2>/dev/null || true)"
  fi
}

# The driver, the patches, the fragments of FLAVOUR, the ABI, the agent, the command line files and the build itself: what is
# another architecture's alone does not count.
input_files() {
  cd "$guest"
  kernel_changes
  config_files "$1"
  agent_files
  printf '%s\n' build.sh build/*.sh abi/*.h
  local folder
  for folder in kernel/cmdline "kernel/cmdline/$arch" "kernel/cmdline/$arch/$1"; do
    [ ! -d "$folder" ] || find "$folder" -maxdepth 1 -type f
  done
}

# config_files FLAVOUR: later ones add to earlier ones.
config_files() {
  local file
  for file in base.config "$arch/base.config" "$1.config" "$arch/$1.config"; do
    [ ! -e "$guest/kernel/config/$file" ] || printf '%s\n' "kernel/config/$file"
  done
}

# The command line files of an image.
cmdline_names() {
  (cd "$guest/kernel/cmdline" && find . "$arch" -maxdepth 1 -type f -printf '%f\n') | sort -u
}

agent_files() {
  local file
  for file in agent/*.[ch]; do
    case $file in agent/bare_*.c) [ "$file" = "agent/bare_$arch.c" ] || continue ;; esac
    printf '%s\n' "$file"
  done
}

hash_inputs() {
  {
    printf 'recipe %s\nflavour %s\nsource %s\n' "$recipe" "$1" "$source_identity"
    "${cross}gcc" --version 2>/dev/null | head -n 1 || true
    "${cross}ld" --version 2>/dev/null | head -n 1 || true
    series
    (cd "$guest" && input_files "$1" | LC_ALL=C sort | xargs -d '\n' sha256sum)
  } | sha256sum | cut -c 1-16
}

# The patches of this architecture in order, without comments: those of hooks/, which all have, and those of its own folder.
series() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' "$guest/patches/series" | grep -E "^(hooks|$arch)/"; }

# What makes this kernel from the one of the package.
kernel_changes() {
  printf '%s\n' driver/Kconfig driver/Makefile driver/*.[ch] driver/include/*.h "driver/arch/$driver_arch"/*.[ch]
  series | sed 's#^#patches/#'
}
