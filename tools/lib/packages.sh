# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian packages by name from tools/packages.txt.

# packages WHO...: names of the packages for WHO (run, test, lab, arm64), one a line.
packages() { awk -v who=" $* " '/^[^#]/ && index(who, " " $2 " ") { print $1 }' "$tree/tools/packages.txt"; }

installed_packages() {
  dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^.i  *//p'
  # Other builds of Node.js than Debian's bring npm along, and conflict with its package.
  ! command -v npm >/dev/null || echo npm
}

# When which package was unpacked that builds the program and the guest, and the tools themselves: cc, the linker and
# their like come from packages that ours depend on. Other packages of the machine come and go without a word.
package_listing() {
  local folder=${DPKG_ADMINDIR:-/var/lib/dpkg}/info name files
  mapfile -t files < <(type -P c++ gcc ld as cmake ninja make bc flex bison xz patch cpio)
  for name in $(packages run) libc6-dev linux-libc-dev; do files+=("$folder/$name.list" "$folder/$name:"*.list); done
  stat -L -c '%n %s %y' "${files[@]}" 2>/dev/null
}

# ensure_packages TITLE WHO...: installs what is missing, never asks.
ensure_packages() {
  local title=$1 missing install=()
  shift
  command -v dpkg-query >/dev/null || {
    say "no dpkg-query here: this is not Debian, so packages are neither checked nor installed"
    return 0
  }
  mapfile -t missing < <(packages "$@" | grep -vxF -f <(installed_packages))
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    sudo -n true 2>/dev/null ||
      die "$exit_unavailable" "these Debian packages are missing, and installing them takes root: ${missing[*]}" \
        "sudo apt-get install -y --no-install-recommends ${missing[*]}"
    install=(sudo -n)
  fi
  say "missing packages: ${missing[*]}"
  install+=(env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
  # Package lists may be absent or old: only then they are fetched.
  if compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    step packages "$title" "${install[@]}" install "${missing[@]}" && return 0
  fi
  step packages-update "$title: package lists" "${install[@]}" update ||
    step_died "$exit_host" "cannot fetch Debian's package lists" "then: apt-get install ${missing[*]}"
  step packages "$title" "${install[@]}" install "${missing[@]}" ||
    step_died "$exit_host" "cannot install: ${missing[*]}" "remapstorm needs Debian 12 (bookworm)"
}
