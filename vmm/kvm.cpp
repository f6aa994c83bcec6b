// SPDX-License-Identifier: Apache-2.0
#include "vmm/kvm.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <iomanip>
#include <sstream>

#include "base/syscall.h"

namespace remapstorm {
namespace {

// Only what helps on this machine: the file need not belong to a group kvm, nor to one that may use it.
std::string access_hint(const std::string& path) {
  struct stat status = {};
  if (::stat(path.c_str(), &status) != 0) return "ask whoever runs this machine for access to " + path;
  const group* owner = ::getgrgid(status.st_gid);
  const std::string name = owner != nullptr ? owner->gr_name : std::to_string(status.st_gid);
  const bool may = (status.st_mode & 0060) == 0060 && status.st_gid != 0 && owner != nullptr;
  if (may)
    return "make your user a member of group " + name + " (sudo usermod -aG " + name + " $USER) and log in again";
  std::ostringstream mode;
  mode << std::oct << std::setw(4) << std::setfill('0') << (status.st_mode & 07777);
  return path + " belongs to group " + name + " with mode " + mode.str() +
         ", so no group helps: ask whoever runs this machine for access, or run as root";
}

std::string hint_for(int errnum, const std::string& path) {
  switch (errnum) {
    case ENOENT:
      return "this machine has no " + path +
             ": enable virtualization in the firmware (or nested virtualization in the hypervisor) and load the kvm "
             "module; or add --lab x86 to the command: an emulated host, slower";
    case EACCES:
      return access_hint(path);
    case EPERM:
      return "this container or service may not use " + path + ": give it the device (--device /dev/kvm)";
    case ENODEV:
    case ENXIO:
      return "the kvm module is not loaded or found no usable processor feature: see the kernel log";
    default:
      return {};
  }
}

}  // namespace

Result<Kvm> Kvm::open(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) {
    Error error = errno_error("open", path, errno, ErrorKind::unavailable);
    error.hint = hint_for(error.errnum, path);
    return error;
  }
  const int version = ::ioctl(fd.get(), KVM_GET_API_VERSION, 0);
  if (version < 0) {
    Error error = errno_error("KVM_GET_API_VERSION", path, errno, ErrorKind::unavailable);
    error.hint = path + " is not a KVM device";
    return error;
  }
  if (version != KVM_API_VERSION) {
    return unavailable_error(path + " speaks KVM API version " + std::to_string(version) + ", this program needs " +
                             std::to_string(KVM_API_VERSION));
  }
  const int run_size = ::ioctl(fd.get(), KVM_GET_VCPU_MMAP_SIZE, 0);
  if (run_size < static_cast<int>(sizeof(kvm_run))) {
    return unavailable_error(path + ": KVM_GET_VCPU_MMAP_SIZE gave " + std::to_string(run_size));
  }
  return Kvm(std::move(fd), static_cast<std::size_t>(run_size));
}

int Kvm::capability(long extension) const {
  const int value = ::ioctl(fd_.get(), KVM_CHECK_EXTENSION, extension);
  return value < 0 ? 0 : value;
}

unsigned Kvm::max_vcpus() const {
  const int max = capability(KVM_CAP_MAX_VCPUS);
  return static_cast<unsigned>(max > 0 ? max : capability(KVM_CAP_NR_VCPUS));
}

Status Kvm::check_required() const {
  struct Need {
    long extension;
    const char* name;
  };
  static constexpr Need kNeeds[] = {
      {KVM_CAP_USER_MEMORY, "KVM_CAP_USER_MEMORY"},
      {KVM_CAP_IMMEDIATE_EXIT, "KVM_CAP_IMMEDIATE_EXIT"},
      {KVM_CAP_IRQCHIP, "KVM_CAP_IRQCHIP"},
      {KVM_CAP_SIGNAL_MSI, "KVM_CAP_SIGNAL_MSI"},
      {KVM_CAP_SET_GUEST_DEBUG, "KVM_CAP_SET_GUEST_DEBUG"},
      {KVM_CAP_MP_STATE, "KVM_CAP_MP_STATE"},
  };
  for (const Need& need : kNeeds) {
    if (capability(need.extension) == 0) {
      return unavailable_error(std::string("this KVM lacks ") + need.name, "a newer kernel is needed");
    }
  }
  return {};
}

}  // namespace remapstorm
