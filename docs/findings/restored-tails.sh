#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# restored-tails.sh VMLINUZ...: counts what a kernel says of bad struct pages after two HugeTLB pages were made and freed
# again, with vmemmap optimization on and off, and looks whether memory is lost. Needs qemu-system-x86_64, busybox-static, cpio and a kernel with
# CONFIG_HUGETLB_PAGE_OPTIMIZE_VMEMMAP; nothing of remapstorm. A kernel whose page allocator does not look by itself
# (CONFIG_INIT_ON_ALLOC_DEFAULT_ON, CONFIG_DEBUG_VM) is made to by init_on_alloc=1. Exit: 0 no report, 1 some.
#
# Debian's kernels need not be installed:
#   apt-get download linux-image-6.12.117+deb12-amd64 && dpkg-deb -x linux-image-6.12.117*.deb unpacked
#   docs/findings/restored-tails.sh unpacked/boot/vmlinuz-*
set -eu -o pipefail
[ $# -ge 1 ] || { sed -n '3,9s/^# \{0,1\}//p' "$0"; exit 64; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/bin" "$work/tree/proc"
cp "$(command -v busybox)" "$work/tree/bin/busybox"
cat >"$work/tree/init" <<'INIT'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
for pages in 2 0; do
  echo $pages >/proc/sys/vm/nr_hugepages
  echo "restored-tails: asked for $pages, there are $(/bin/busybox cat /proc/sys/vm/nr_hugepages)"
done
free() { /bin/busybox sleep 1; /bin/busybox awk '/MemFree/ { print $2 }' /proc/meminfo; }
before=$(free)
for cycle in 1 2 3 4 5 6 7 8 9 10; do
  echo 4 >/proc/sys/vm/nr_hugepages
  echo 0 >/proc/sys/vm/nr_hugepages
done
echo "restored-tails: ten times 4 pages made and freed: MemFree $before kB before, $(free) kB after"
/bin/busybox poweroff -f
INIT
chmod 755 "$work/tree/init"
(cd "$work/tree" && find . | cpio --quiet -o -H newc) >"$work/initramfs"

# boot KERNEL on|off: the guest's console is left in $work/console.
boot() {
  timeout 600 qemu-system-x86_64 -accel "${ACCEL:-tcg}" -cpu max -m 512 -nodefaults -display none -no-reboot \
    -serial "file:$work/console" -kernel "$1" -initrd "$work/initramfs" \
    -append "console=ttyS0 panic=-1 init_on_alloc=1 hugetlb_free_vmemmap=$2 ${APPEND:-}"
}

found=0
for kernel; do
  for hvo in on off; do
    boot "$kernel" "$hvo"
    for pages in 2 0; do
      grep -q "restored-tails: asked for $pages, there are $pages" "$work/console" || {
        tail -n 20 "$work/console"
        echo "$kernel: did not get to its work"
        exit 75
      }
    done
    reports=$(grep -c 'BUG: Bad page state' "$work/console" || true)
    echo "$(basename "$kernel"): vmemmap optimization $hvo: $reports reports"
    [ "$reports" = 0 ] || { found=1; grep -m 1 -A 17 'BUG: Bad page state' "$work/console" | sed 's/^/    /'; }
    sed -n 's/.*restored-tails: ten/    ten/p' "$work/console"
    grep 'page dumped because' "$work/console" | sed 's/.*because: /    /' | sort | uniq -c || true
  done
done
exit $found
