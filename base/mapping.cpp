// SPDX-License-Identifier: Apache-2.0
#include "base/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <utility>

#include "base/syscall.h"

namespace remapstorm {

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

Result<Mapping> Mapping::shared(const Fd& fd, std::size_t size, const std::string& what, std::size_t offset) {
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), static_cast<off_t>(offset));
  if (address == MAP_FAILED) return errno_error("mmap", what, errno);
  return Mapping(static_cast<std::byte*>(address), size);
}

Result<Mapping> Mapping::anonymous(std::size_t size, const std::string& what) {
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (address == MAP_FAILED) return errno_error("mmap", what, errno);
  return Mapping(static_cast<std::byte*>(address), size);
}

Result<Mapping> Mapping::read_only_file(const std::string& path) {
  // O_NONBLOCK: opening a FIFO would wait for a writer.
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.valid()) return errno_error("open", path, errno, ErrorKind::usage);
  struct stat status = {};
  if (::fstat(fd.get(), &status) != 0) return errno_error("fstat", path, errno);
  if (!S_ISREG(status.st_mode)) return usage_error(path + " is not a regular file");
  if (status.st_size == 0) return usage_error(path + " is empty");
  void* address = ::mmap(nullptr, static_cast<std::size_t>(status.st_size), PROT_READ, MAP_PRIVATE, fd.get(), 0);
  if (address == MAP_FAILED) return errno_error("mmap", path, errno);
  return Mapping(static_cast<std::byte*>(address), static_cast<std::size_t>(status.st_size));
}

}  // namespace remapstorm
