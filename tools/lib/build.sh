# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Builds a CMake preset, and knows without starting CMake when there is nothing to build.

# Every file that may matter to the program, with size, times and inode, and the packages that build it. Equal text means
# nothing was edited, added, deleted or renamed. Both times: contents can change under an old mtime.
tree_listing() {
  find "$tree" \( -path "$tree/build" -o -path "$tree/.git" -o -path "$tree/tests" -o -path "$tree/docs" \) -prune -o \
    -type f -printf '%P %s %T@ %C@ %i\n'
  package_listing
  printf '%s\n' "$tree"
}

# is_fresh STAMP LISTING
is_fresh() { [ -r "$1" ] && [ "$(<"$1")" = "$2" ]; }

ensure_build_folder() {
  mkdir -p "$tree/build" 2>/dev/null
  [ -w "$tree/build" ] || die "$(place_code "$tree/build")" "cannot write to $tree/build, where the harness is built" \
    "the source tree is read-only or full; copy or clone it to a folder you can write to"
}

# A build folder that was moved or copied with its tree points at the old place.
drop_moved_build() {
  local made_for
  [ -r "$tree/build/$1/CMakeCache.txt" ] || return 0
  made_for=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$tree/build/$1/CMakeCache.txt")
  [ "$made_for" = "$tree" ] || rm -rf "${tree:?}/build/$1"
}

# Whoever builds or tests a preset holds it: others may use other presets meanwhile. Not the build folder itself, which
# drop_moved_build removes.
lock_preset() {
  mkdir -p "$tree/build/in-use/$1" || die "$exit_host" "cannot create $tree/build/in-use/$1"
  lock_folder "$tree/build/in-use/$1" "building or testing the preset $1 in this tree"
}

# build_preset PRESET TITLE [TARGET]: configures and builds; the log is step_log.
build_preset() {
  drop_moved_build "$1"
  # shellcheck disable=SC2016  # expanded by the inner shell
  step "build-$1" "$2" bash -c 'cd "$1" && cmake --preset "$2" && cmake --build --preset "$2" -j "$(nproc)" --target "$3"' \
    build "$tree" "$1" "${3:-all}"
}

# ensure_harness: the release build, for ./run.
ensure_harness() {
  local stamp=$tree/build/release.stamp listing
  program=$tree/build/release/cli/remapstorm
  listing=$(tree_listing)
  is_fresh "$stamp" "$listing" && [ -x "$program" ] && return 0
  work_folder
  ensure_packages "step 1/3 packages" run
  ensure_build_folder
  lock_preset release
  listing=$(tree_listing)
  if ! is_fresh "$stamp" "$listing" || ! [ -x "$program" ]; then
    rm -f "$stamp"
    build_preset release "step 2/3 harness" remapstorm || {
      show_failure
      die "$exit_internal" "the harness does not build" "log: $step_log"
    }
    # The listing is from before the build: what was edited meanwhile differs next time.
    printf '%s\n' "$listing" | write_file "$stamp" || die "$exit_host" "cannot write $stamp"
  fi
  unlock_folder
}
