# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds a CMake preset, and knows without starting CMake when there is nothing to build.

# listing FIND-ARGUMENTS...: the files found, with size, times and inode, and the packages that build them. Equal text
# means that nothing was edited, added, deleted or renamed. Both times: contents can change under an old mtime.
listing() {
  find -H "$@" -type f -printf '%p %s %T@ %C@ %i\n' 2>/dev/null
  package_listing
}

# lock_preset PRESET: whoever builds or tests it holds it, until the process and all it started are gone: others may use
# other presets meanwhile. On an open folder, so that no lock file is left behind by anything, kill -9 included; not on
# the build folder itself, which build_preset may remove.
lock_preset() {
  local folder=$tree/build/in-use/$1 waited
  make_folder "$folder" "the source tree is read-only or full; copy or clone it to a folder you can write to"
  exec {preset_lock}<"$folder"
  for ((waited = 0; ; waited++)); do
    flock --timeout 1 "$preset_lock" && return
    [ $((waited % 10)) -ne 0 ] ||
      say "waiting for another remapstorm that is building or testing the preset $1 in this tree ($((waited))s)"
  done
}

# build_preset PRESET TITLE: configures, and builds what the preset says; the log is step_log.
build_preset() {
  local folder=$tree/build/$1
  # One that was moved or copied with its tree points at the old place.
  if [ -r "$folder/CMakeCache.txt" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$tree" "$folder/CMakeCache.txt"; then
    rm -rf "$folder"
  fi
  # shellcheck disable=SC2016  # expanded by the inner shell
  step "build-$1" "$2" env -C "$tree" \
    bash -c 'cmake --preset "$0" && cmake --build --preset "$0" -j "$(nproc)"' "$1"
}

# Sets files, which is what a later harness_is_fresh compares with.
harness_is_fresh() {
  files=$(listing "$tree" \( -path "$tree/build" -o -path "$tree/.git" -o -path "$tree/tests" -o -path "$tree/docs" \) \
    -prune -o)
  [ -x "$program" ] && [ "$files" = "$(cat "$stamp" 2>/dev/null)" ]
}

# ensure_harness [KIND]: the release build, for ./run; of a foreign lab's kind: what runs there. Sets program.
ensure_harness() {
  local preset=release${1:+-$1}
  local stamp=$tree/build/$preset.stamp files
  program=$tree/build/$preset/cli/remapstorm
  harness_is_fresh && return
  work_folder
  ensure_packages "step 1/3 packages" run ${1:+"$1"}
  lock_preset "$preset"
  # Whoever held it may have built it.
  if ! harness_is_fresh; then
    rm -f "$stamp"
    build_preset "$preset" "step 2/3 harness${1:+ for $1}" || step_died "$exit_internal" "the harness does not build"
    # The files are those from before the build: what was edited meanwhile differs next time.
    printf '%s\n' "$files" >"$stamp" || die "$exit_host" "cannot write $stamp"
  fi
  exec {preset_lock}<&-
}
