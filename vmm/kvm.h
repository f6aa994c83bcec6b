// SPDX-License-Identifier: Apache-2.0
// Kvm: the opened /dev/kvm (KVM api.rst, "System ioctls").
#pragma once

#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace remapstorm {

class Kvm {
 public:
  // Errors: unavailable, with a hint, if the device is missing, not permitted, no KVM, or speaks another API version.
  static Result<Kvm> open(const std::string& path = "/dev/kvm");

  [[nodiscard]] int fd() const { return fd_.get(); }
  // KVM_CHECK_EXTENSION; 0 means absent.
  [[nodiscard]] int capability(long extension) const;
  // Size of each vCPU's shared kvm_run area in bytes.
  [[nodiscard]] std::size_t run_size() const { return run_size_; }
  // KVM_CAP_NR_VCPUS / KVM_CAP_MAX_VCPUS.
  [[nodiscard]] unsigned max_vcpus() const;
  // Error (unavailable) naming the first capability this project cannot do without.
  [[nodiscard]] Status check_required() const;

 private:
  Kvm(Fd fd, std::size_t run_size) : fd_(std::move(fd)), run_size_(run_size) {}
  Fd fd_;
  std::size_t run_size_ = 0;
};

}  // namespace remapstorm
