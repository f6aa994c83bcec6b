# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A complete image: a folder with vmlinux, on arm64 an Image of it, initramfs.cpio, config, cmdline/ and a manifest that was
# written last. It appears under its name by one rename, so what has the name is complete.

# How the manifest calls FILE.
manifest_key() {
  local key=${1%.cpio}
  printf '%s' "${key,,}"
}

manifest_value() { sed -n "s/^ *\"$2\": *\"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1/manifest.json"; }

# image_matches_manifest DIR sizes|checksums
image_matches_manifest() {
  local dir=$1 file key have
  [ -r "$dir/manifest.json" ] || return 1
  for file in "${image_files[@]}"; do
    key=$(manifest_key "$file")
    if [ "$2" = sizes ]; then
      have=$(stat -c %s "$dir/$file" 2>/dev/null) || return 1
      [ "$have" = "$(manifest_value "$dir" "${key}_size")" ] || return 1
    else
      have=$(sha256sum "$dir/$file" 2>/dev/null) || return 1
      [ "${have%% *}" = "$(manifest_value "$dir" "${key}_sha256")" ] || return 1
    fi
  done
}

# The names of the ABI's strategies, quoted, without those that it says this architecture lacks.
strategies() {
  sed -n 's/^[[:space:]]*Y([A-Z0-9_]*, [0-9]*, \("[a-z0-9-]*"\)).*/\1/p' "$guest/abi/remapstorm_abi.h" |
    grep -vxF "$(sed -n "s/^#define RS_${arch^^}_LACKS //p" "$guest/abi/remapstorm_abi.h")"
}

# words_of NAME: a command line file, of all architectures, of this one, and of the flavour there.
words_of() {
  local file
  for file in "$guest/kernel/cmdline/"{"$1","$arch/$1","$arch/$flavour/$1"}; do
    [ ! -e "$file" ] || cat "$file"
  done
}

write_manifest() {
  local dir=$1 file key
  {
    printf '{\n  "schema": 1,\n  "flavour": "%s",\n  "architecture": "%s",\n' "$flavour" "$arch"
    printf '  "kernel_version": "%s",\n' "$kernel_version"
    printf '  "source": "%s",\n  "hash": "%s",\n' "$source_version" "$hash"
    for file in "${image_files[@]}"; do
      key=$(manifest_key "$file")
      printf '  "%s_size": %s,\n  "%s_sha256": "%s",\n' "$key" "$(stat -c %s "$dir/$file")" \
        "$key" "$(sha256sum "$dir/$file" | cut -d ' ' -f 1)"
    done
    printf '  "series_sha256": "%s",\n' "$(cd "$guest" && kernel_changes | xargs -d '\n' cat | sha256sum | cut -d ' ' -f 1)"
    printf '  "cmdline": [%s],\n' "$(cmdline_names | sed 's/.*/"&"/' | paste -sd, - | sed 's/,/, /g')"
    printf '  "strategies": [%s]\n}\n' "$(strategies | paste -sd, -)"
  } >"$dir/manifest.json"
}

# A build that was killed leaves only a folder of this name; the lock says that nobody works there now.
remove_leftovers() {
  local old
  for old in "$cache"/.build-*; do
    [ -e "$old" ] || continue
    say "removing what an interrupted build left: ${old##*/}"
    rm -rf "$old"
  done
}

build_image() {
  remove_leftovers
  # An image of that name that does not match its manifest is damaged: make it anew.
  [ ! -e "$image" ] || { say "$image is damaged; building it again"; rm -rf "$image"; }
  work=$cache/.build-$flavour$image_label-$hash
  local new=$work/image
  trap 'stop_build; rm -rf "$work"' EXIT
  trap 'say "interrupted"; exit 130' INT
  trap 'say "terminated"; exit 143' TERM HUP
  mkdir -p "$new/cmdline" || fail $exit_host "cannot make $new"
  : >"$work/log"

  progress_begin
  prepare_source
  configure_kernel "$flavour"
  build_kernel
  copy_kernel "$new" || fail $exit_host "cannot copy the kernel to $new"
  build_initramfs "$new/initramfs.cpio"
  local name
  while IFS= read -r name; do words_of "$name" >"$new/cmdline/$name"; done < <(cmdline_names)
  write_manifest "$new"
  image_matches_manifest "$new" checksums || fail $exit_host "what was written to $new is not what was built"
  sync -f "$new" 2>/dev/null || true
  mv -T "$new" "$image"
  progress_end
  rm -rf "$work"
  trap - EXIT INT TERM HUP
}
