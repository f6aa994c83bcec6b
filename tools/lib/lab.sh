# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# foreign KIND: whether the machine of that lab is of another architecture than this one, so that what runs there has to be
# compiled for it. Kinds are named by architectures.
foreign() {
  local machine
  machine=$(uname -m)
  [ "$machine" != aarch64 ] || machine=arm64
  [ -n "$1" ] && [[ $machine != "$1"* ]]
}

# take_lab ARGS...: --lab KIND among the arguments means that what starts guests runs on the lab's emulated host
# (lab/run) instead of this machine. Sets `lab`, empty without it, and `rest`, the other arguments.
take_lab() {
  lab=
  rest=()
  while [ $# -gt 0 ]; do
    case $1 in
      --lab)
        [ $# -ge 2 ] || die "$exit_usage" "--lab needs a kind of host" "--lab x86"
        lab=$2
        shift
        ;;
      --lab=*) lab=${1#--lab=} ;;
      *) rest+=("$1") ;;
    esac
    shift
  done
  [ -z "$lab" ] || [ -f "$tree/lab/$lab/machine" ] ||
    die "$exit_usage" "there is no lab of kind '$lab'" \
      "there is: $(cd "$tree/lab" && basename -a -- */ | paste -sd ' ')"
}
