# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The kernel: unpack, patch, configure, compile, in $work/linux.

# Sources of devices and machines that no guest has, nor this one. Kconfig and Makefiles stay: the configuration reads them all.
unneeded_sources=(
  '*/Documentation/*.rst' '*/Documentation/*.txt' '*/Documentation/*.yaml' '*/Documentation/*.svg'
  '*/drivers/gpu/*.[ch]' '*/drivers/net/*.[ch]' '*/drivers/media/*.[ch]' '*/drivers/staging/*.[ch]'
  '*/drivers/infiniband/*.[ch]' '*/drivers/scsi/*.[ch]' '*/drivers/iio/*.[ch]'
  '*/drivers/pinctrl/*.[ch]' '*/drivers/usb/*.[ch]' '*/sound/*.[ch]' '*/tools/testing/*' '*/tools/perf/*'
  '*/boot/dts/*' '*/arch/alpha/*.[chS]' '*/arch/arc/*.[chS]' '*/arch/arm/*.[chS]'
  '*/arch/csky/*.[chS]' '*/arch/hexagon/*.[chS]' '*/arch/loongarch/*.[chS]' '*/arch/m68k/*.[chS]'
  '*/arch/microblaze/*.[chS]' '*/arch/mips/*.[chS]' '*/arch/nios2/*.[chS]' '*/arch/openrisc/*.[chS]'
  '*/arch/parisc/*.[chS]' '*/arch/powerpc/*.[chS]' '*/arch/riscv/*.[chS]' '*/arch/s390/*.[chS]' '*/arch/sh/*.[chS]'
  '*/arch/sparc/*.[chS]' '*/arch/xtensa/*.[chS]'
)

# Of architectures that there are guests for.
unneeded_sources_on() {
  case $1 in
    x86_64) printf '%s\n' '*/drivers/clk/*.[ch]' '*/arch/arm64/*.[chS]' ;;
    arm64) printf '%s\n' '*/arch/x86/*.[chS]' ;;
  esac
}

unpack_source() {
  local exclude=() pattern unneeded
  mapfile -t unneeded < <(unneeded_sources_on "$arch")
  for pattern in "${unneeded_sources[@]}" "${unneeded[@]}"; do exclude+=(--exclude="$pattern"); done
  mkdir -p "$work/linux"
  tar -xJf "$tarball" -C "$work/linux" --strip-components=1 --no-same-owner --no-same-permissions \
    --wildcards --wildcards-match-slash "${exclude[@]}"
}

# apply_patch FILE: no fuzz; a hunk may have moved, but must not be guessed.
apply_patch() {
  patch -d "$work/linux" -p1 --force --fuzz=0 --no-backup-if-mismatch --reject-file=- <"$guest/patches/$1"
}

# From the output of patch: "patching file F" and "Hunk #N FAILED at L".
name_failed_hunks() {
  local patch=$1 line file=
  while IFS= read -r line; do
    case $line in
      "patching file "*) file=${line#patching file } ;;
      "can't find file to patch"*) say "patch $patch: a file that it changes is not in this kernel source" ;;
      *"previously applied) patch detected"*) say "patch $patch, file $file: already applied?" ;;
      "Hunk #"*" FAILED at "*)
        line=${line#Hunk #}
        say "patch $patch, file $file, hunk ${line%% *} does not apply (at line ${line##* at })" ;;
    esac
  done
}

apply_series() {
  local name output
  while IFS= read -r name; do
    [ -r "$guest/patches/$name" ] || fail $exit_failed "guest/patches/series names $name, which is not there"
    if output=$(apply_patch "$name" 2>&1); then
      printf '%s\n' "$output" >>"$work/log"
    else
      printf '%s\n' "$output" | name_failed_hunks "$name" >&2
      case $output in
        *"No space left on device"*) fail $exit_host "no space left below $work" ;;
      esac
      printf '%s\n' "$output" | sed 's/^/  | /' >&2
      fail $exit_failed "the series does not apply to kernel $kernel_version (package $source_version)" \
        "refresh guest/patches/$name for this kernel"
    fi
  done < <(series)
}

# The driver is no patch: its files are what they are in every kernel.
install_driver() {
  local to=$work/linux/drivers/misc/remapstorm
  mkdir -p "$to/arch" && cp "$guest"/driver/{Kconfig,Makefile,*.[ch]} "$to/" &&
    cp -r "$guest/driver/arch/$driver_arch" "$to/arch/" &&
    cp "$guest"/driver/include/*.h "$guest/abi/remapstorm_abi.h" "$work/linux/include/linux/"
}

prepare_source() {
  [ -n "${step_names-}" ] && [ -e "$work/log" ] || : >"$work/log"
  run_step source unpack_source || fail_with_log "cannot unpack $tarball" "$work/log"
  kernel_version=$(awk '$1 == "VERSION" { v = $3 } $1 == "PATCHLEVEL" { p = $3 } $1 == "SUBLEVEL" { s = $3; exit }
    END { print v "." p "." s }' "$work/linux/Makefile")
  say "kernel source $kernel_version (package $source_version)"
  apply_series
  install_driver || fail $exit_host "cannot copy the driver to $work/linux"
}

# The same tree and compiler give the same kernel, byte for byte.
kernel_make() {
  local cc=${cross}gcc
  ! command -v ccache >/dev/null || cc="ccache $cc"
  nice make -C "$work/linux" ARCH="$arch" CROSS_COMPILE="$cross" CC="$cc" LOCALVERSION= \
    KBUILD_BUILD_TIMESTAMP='Mon Jan 1 00:00:00 UTC 2024' KBUILD_BUILD_VERSION=1 KBUILD_BUILD_USER=remapstorm KBUILD_BUILD_HOST=build "$@"
}

configure_kernel() {
  (cd "$guest" && config_files "$1" | xargs -d '\n' cat) >"$work/wanted"
  run_step config kernel_make KCONFIG_ALLCONFIG="$work/wanted" allnoconfig ||
    fail_with_log "the kernel does not configure" "$work/log"
  check_config
}

# Kconfig drops silently what it cannot have.
check_config() {
  local line symbol lost=0
  declare -A wanted
  while IFS= read -r line; do
    case $line in
      CONFIG_*=*) wanted[${line%%=*}]=$line ;;
      '# CONFIG_'*' is not set') symbol=${line#\# }; wanted[${symbol%% *}]=$line ;;
    esac
  done <"$work/wanted"
  for symbol in "${!wanted[@]}"; do
    line=${wanted[$symbol]}
    if [ "${line#\#}" != "$line" ]; then
      ! grep -q "^$symbol=" "$work/linux/.config" || { say "$symbol cannot be off"; lost=1; }
    elif ! grep -qxF -- "$line" "$work/linux/.config"; then
      say "$line did not survive Kconfig"
      lost=1
    fi
  done
  [ $lost = 0 ] || fail $exit_failed "the configuration of flavour $flavour cannot be had from kernel $kernel_version"
}

build_kernel() {
  local targets=(vmlinux)
  [ "$arch" != arm64 ] || targets+=(Image)
  run_step kernel kernel_make -j"$(nproc)" "${targets[@]}" || fail_with_log "the kernel does not compile" "$work/log"
}

# copy_kernel FOLDER
copy_kernel() {
  cp "$work/linux/vmlinux" "$1/" && cp "$work/linux/.config" "$1/config" || return
  [ "$arch" != arm64 ] || cp "$work/linux/arch/arm64/boot/Image" "$1/"
}
