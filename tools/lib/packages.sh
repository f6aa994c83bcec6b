# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Debian packages by name from tools/packages.txt.

# missing_packages WHO...: names of the packages for WHO (run, test) that are not installed, one a line.
missing_packages() {
  local installed name who
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' 2>/dev/null | sed -n 's/^.i  *//p')
  while read -r name who _; do
    case $name in '' | '#'*) continue ;; esac
    case " $* " in *" $who "*) ;; *) continue ;; esac
    # Other builds of Node.js than Debian's bring npm along, and conflict with its package.
    [ "$name" != npm ] || ! command -v npm >/dev/null || continue
    grep -qxF -- "$name" <<<"$installed" || printf '%s\n' "$name"
  done <"$tree/tools/packages.txt"
}

# When which package was unpacked that builds the program and the guest, and the tools themselves: cc, the linker and their
# like come from packages that ours depend on. Other packages of the machine come and go without a word.
package_listing() {
  local folder=${DPKG_ADMINDIR:-/var/lib/dpkg}/info name who files=()
  while read -r name who _; do
    [ "$who" != run ] || [[ $name == \#* ]] || files+=("$folder/$name.list" "$folder/$name:"*.list)
  done <"$tree/tools/packages.txt"
  files+=("$folder/libc6-dev"*.list "$folder/linux-libc-dev"*.list)
  for name in c++ gcc ld as cmake ninja make bc flex bison xz patch cpio; do files+=("$(type -P "$name")"); done
  stat -L -c '%n %s %y' "${files[@]}" 2>/dev/null
}

# The commands that become root, or nothing where that takes a question.
root_prefix() {
  [ "$(id -u)" -ne 0 ] || return 0
  sudo -n true 2>/dev/null && printf 'sudo -n'
}

# ensure_packages TITLE WHO...: installs what is missing, never asks.
ensure_packages() {
  local title=$1 missing become
  shift
  command -v dpkg-query >/dev/null || {
    say "no dpkg-query here: this is not Debian, so packages are neither checked nor installed"
    return 0
  }
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ] && [ -z "$(root_prefix)" ]; then
    die "$exit_unavailable" "these Debian packages are missing, and installing them takes root: ${missing[*]}" \
      "sudo apt-get install -y --no-install-recommends ${missing[*]}"
  fi
  read -ra become <<<"$(root_prefix)"
  local install=("${become[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -y --no-install-recommends
    -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600)
  say "missing packages: ${missing[*]}"
  # Package lists may be absent or old: only then they are fetched.
  if compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; then
    step packages "$title" "${install[@]}" install "${missing[@]}" && return 0
    say "perhaps the package lists are old"
  fi
  step packages-update "$title: package lists" "${install[@]}" update || {
    show_failure 15
    die "$exit_host" "cannot fetch Debian's package lists" "log: $step_log; then: apt-get install ${missing[*]}"
  }
  step packages "$title" "${install[@]}" install "${missing[@]}" || {
    show_failure 15
    die "$exit_host" "cannot install: ${missing[*]}" "log: $step_log; remapstorm needs Debian 12 (bookworm)"
  }
}
