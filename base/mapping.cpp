// SPDX-License-Identifier: Apache-2.0
#include "base/mapping.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/syscall.h"

namespace remapstorm {
namespace {

struct OpenFile {
  Fd fd;
  std::size_t size = 0;  // bytes
};

// A regular file that holds something.
Result<OpenFile> open_file(const std::string& path) {
  // O_NONBLOCK: opening a FIFO would wait for a writer.
  OpenFile file{Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK))};
  if (!file.fd.valid()) return errno_error("open", path, errno, ErrorKind::usage);
  struct stat status = {};
  if (::fstat(file.fd.get(), &status) != 0) return errno_error("fstat", path, errno);
  if (!S_ISREG(status.st_mode)) return usage_error(path + " is not a regular file");
  if (status.st_size == 0) return usage_error(path + " is empty");
  file.size = static_cast<std::size_t>(status.st_size);
  return file;
}

}  // namespace

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
  RS_ASSIGN(const OpenFile file, open_file(path));
  void* address = ::mmap(nullptr, file.size, PROT_READ, MAP_PRIVATE, file.fd.get(), 0);
  if (address == MAP_FAILED) return errno_error("mmap", path, errno);
  return Mapping(static_cast<std::byte*>(address), file.size);
}

Result<Mapping> Mapping::copy_of_file(const std::string& path, std::size_t most) {
  RS_ASSIGN(const OpenFile file, open_file(path));
  if (file.size > most) return usage_error(path + " has more than " + std::to_string(most >> 20) + " MiB");
  RS_ASSIGN(Mapping copy, anonymous(file.size, path));
  for (std::size_t at = 0; at < copy.size();) {
    const ssize_t got = ::read(file.fd.get(), copy.data() + at, copy.size() - at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", path, errno);
    if (got == 0) return usage_error(path + " became shorter while it was read");
    at += static_cast<std::size_t>(got);
  }
  return copy;
}

}  // namespace remapstorm
