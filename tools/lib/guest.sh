# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The guest image of a flavour, through guest/build.sh.

guest_listing() {
  find "$tree/guest" -type f -printf '%P %s %T@ %C@ %i\n'
  package_listing
  [ -z "${REMAPSTORM_LINUX_TARBALL:-}" ] || stat -c '%n %s %y' "$REMAPSTORM_LINUX_TARBALL" 2>/dev/null
  printf '%s\n%s\n' "$tree" "$cache"
}

image_complete() { [ -f "$1/manifest.json" ] && [ -f "$1/vmlinux" ] && [ -f "$1/initramfs.cpio" ]; }

# A scenario may be made for flavours that this version does not build yet.
known_flavour() {
  [ -r "$tree/guest/kernel/config/$1.config" ] && return 0
  local names
  names=$(cd "$tree/guest/kernel/config" && printf '%s\n' *.config | sed -n 's/\.config$//p' | grep -vx base | paste -sd ' ')
  die "$exit_unavailable" "this version builds no guest of flavour '$1'" "there is: $names"
}

# ensure_guest FLAVOUR TITLE: sets guest_image to the folder of a complete image. When no input changed since the last
# time this takes a look at the file list only; hashing every input is guest/build.sh's work.
ensure_guest() {
  local flavour=$1 title=$2 stamp listing known
  known_flavour "$flavour"
  work_folder
  stamp=$work/guest-$flavour.stamp
  listing=$(guest_listing)
  if [ -r "$stamp" ]; then
    known=$(<"$stamp")
    guest_image=${known%%$'\n'*}
    [ "${known#*$'\n'}" = "$listing" ] && image_complete "$guest_image" && return 0
  fi
  if ! guest_image=$("$tree/guest/build.sh" --flavour "$flavour" --check --print-dir 2>/dev/null | tail -n 1) ||
    ! image_complete "$guest_image"; then
    ensure_packages "step 1/3 packages" run
    step "guest-$flavour" "$title" "$tree/guest/build.sh" --flavour "$flavour" || {
      local status=$?
      show_failure
      die "$(guest_exit_code $status)" "the guest image of flavour $flavour does not build" "log: $step_log"
    }
    guest_image=$("$tree/guest/build.sh" --flavour "$flavour" --check --print-dir 2>>"$step_log" | tail -n 1)
    image_complete "$guest_image" ||
      die "$exit_host" "guest/build.sh ended well but left no complete image of $flavour" "log: $step_log"
  fi
  printf '%s\n%s\n' "$guest_image" "$listing" | write_file "$stamp"
}

# The exit codes that mean something to us pass through; anything else is a failed build.
guest_exit_code() {
  case $1 in 4 | 64 | 75) printf '%d' "$1" ;; *) printf "%d" "$exit_internal" ;; esac
}
