# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The guest image of a flavour, through guest/build.sh.

image_complete() { [ -f "$1/manifest.json" ] && [ -f "$1/vmlinux" ] && [ -f "$1/initramfs.cpio" ]; }

# A scenario may be made for flavours that this version does not build yet.
known_flavour() {
  [ ! -r "$tree/guest/kernel/config/$1.config" ] || return 0
  local names
  names=$(cd "$tree/guest/kernel/config" && basename -s .config -- *.config | grep -vx base | paste -sd ' ')
  die "$exit_unavailable" "this version builds no guest of flavour '$1'" "there is: $names"
}

# ensure_guest FLAVOUR TITLE [KIND]: sets guest_image to the folder of a complete image, and names it to the program; with
# KIND, of a foreign lab, one for its architecture, to the program there (lab/run). When no input changed since the last
# time this takes a look at the file list only; hashing them all is guest/build.sh's work.
ensure_guest() {
  local stamp files known words=(--flavour "$1" ${3:+--arch "$3"})
  known_flavour "$1"
  work_folder
  stamp=$work/guest-$1${3:+-$3}.stamp
  files=$(listing "$tree/guest" ${REMAPSTORM_LINUX_TARBALL:+"$REMAPSTORM_LINUX_TARBALL"})
  known=$(cat "$stamp" 2>/dev/null)
  guest_image=${known%%$'\n'*}
  if [ "${known#*$'\n'}" != "$files" ] || ! image_complete "$guest_image"; then
    guest_image=$("$tree/guest/build.sh" "${words[@]}" --check 2>/dev/null) || build_guest "$2" ${3:+"$3"}
    printf '%s\n%s\n' "$guest_image" "$files" >"$stamp"
  fi
  export "REMAPSTORM_${3:+${3^^}_}IMAGE_${1^^}=$guest_image"
}

# build_guest TITLE [KIND]: `words` are those for guest/build.sh.
build_guest() {
  local status=0
  ensure_packages "step 1/3 packages" run ${2:+"$2"}
  step "guest-${words[1]}${2:+-$2}" "$1" "$tree/guest/build.sh" "${words[@]}" || status=$?
  # The exit codes that mean something to us pass through; anything else is a failed build.
  case $status in 0 | 4 | 64 | 75) ;; *) status=$exit_internal ;; esac
  [ "$status" -eq 0 ] || step_died "$status" "the guest image of flavour ${words[1]} does not build"
  guest_image=$("$tree/guest/build.sh" "${words[@]}" --check 2>>"$step_log") ||
    step_died "$exit_host" "guest/build.sh ended well but left no complete image of ${words[1]}"
}
