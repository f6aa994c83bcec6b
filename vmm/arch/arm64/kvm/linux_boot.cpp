// SPDX-License-Identifier: Apache-2.0
// Booting by Linux Documentation/arch/arm64/booting.rst. The segments of a vmlinux, put one behind the other as they
// lie in virtual memory, are the Image that objcopy makes of it.
#include "vmm/linux_boot.h"

#include <span>

#include "base/check.h"
#include "vmm/arch/arm64/boot.h"
#include "vmm/arch/arm64/fdt.h"

namespace remapstorm {
namespace {

// Its physical addresses are virtual ones in the file: the kernel runs wherever its first byte was put.
Status load_kernel(GuestMemory& memory, const KernelImage& kernel, Gpa start) {
  for (const KernelSegment& segment : kernel.segments()) {
    const Gpa at = start + (segment.physical - kernel.lowest());
    // The rest of the segment is zero because the memory is new.
    if (!memory.write(at, kernel.bytes(segment))) {
      return usage_error(kernel.path() + " is larger than its header says, or than guest memory",
                         "give the guest more memory");
    }
  }
  return {};
}

// From where the kernel begins: head.S has the header of an Image.
Result<arm64::ImageHeader> header_of(const KernelImage& kernel) {
  for (const KernelSegment& segment : kernel.segments()) {
    if (segment.physical != kernel.lowest()) continue;
    const auto bytes = kernel.bytes(segment);
    return arm64::parse_image_header(kernel.path(), bytes.first(std::min(bytes.size(), arm64::kImageHeaderBytes)));
  }
  return internal_error("a kernel without a segment");
}

}  // namespace

Result<LinuxLayout> load_linux(Vm& vm, const KernelImage& kernel, const LinuxBoot& boot) {
  GuestMemory& memory = vm.memory();
  constexpr std::size_t kCommandLineMax = 2048;  // COMMAND_LINE_SIZE, with its NUL
  if (boot.command_line.size() >= kCommandLineMax) {
    return usage_error("the kernel command line has " + std::to_string(boot.command_line.size()) + " characters, " +
                       std::to_string(kCommandLineMax - 1) + " are possible");
  }
  if (boot.command_line.find('\0') != std::string::npos) return usage_error("the kernel command line contains a NUL");
  Mapping file;
  std::span<const std::byte> initramfs = boot.initramfs;
  if (initramfs.empty() && !boot.initramfs_path.empty()) {
    RS_ASSIGN(file, Mapping::read_only_file(boot.initramfs_path));
    initramfs = file.bytes();
  }
  RS_ASSIGN(const arm64::ImageHeader header, header_of(kernel));
  RS_ASSIGN(const arm64::ImageLayout places, arm64::place_image(kernel.path(), header, arm64::kMaxDeviceTreeBytes,
                                                                initramfs.size(), memory.ram_bytes()));
  RS_TRY(load_kernel(memory, kernel, places.kernel));
  RS_CHECK(initramfs.empty() || memory.write(places.initramfs, initramfs), "the initramfs was placed in RAM");

  arm64::DeviceTree description;
  description.ram_bytes = memory.ram_bytes();
  description.cpus = vm.vcpu_count();
  description.command_line = boot.command_line;
  description.initramfs = places.initramfs.value;
  description.initramfs_bytes = initramfs.size();
  description.devices = boot.devices;
  const std::vector<std::uint8_t> tree = arm64::make_device_tree(description);
  RS_CHECK(tree.size() <= arm64::kMaxDeviceTreeBytes, "a device tree with a command line of 2 KiB is small");
  RS_CHECK(memory.write(places.device_tree, std::as_bytes(std::span(tree))), "the device tree was placed in RAM");

  RS_TRY(vm.vcpu(0).set_registers(arm64::boot_registers(places)));
  return LinuxLayout{places.kernel, places.kernel, places.kernel_end, places.initramfs, initramfs.size()};
}

}  // namespace remapstorm
