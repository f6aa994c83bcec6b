// SPDX-License-Identifier: Apache-2.0
// Mapping: an owned mmap() range. Move-only; unmaps on destruction.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/fd.h"
#include "base/result.h"

namespace remapstorm {

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  // `size` bytes of `fd` from `offset` (a multiple of the page size), shared, readable and writable.
  static Result<Mapping> shared(const Fd& fd, std::size_t size, const std::string& what, std::size_t offset = 0);
  // `size` bytes of zeros of this process's own; memory is taken when a page is first written.
  static Result<Mapping> anonymous(std::size_t size, const std::string& what);
  // A whole file, private and read-only. An empty file is an error (ErrorKind::usage), as are a missing one and a
  // folder.
  static Result<Mapping> read_only_file(const std::string& path);
  // The bytes a whole file has now, in memory of this process's own: what becomes of the file later changes nothing.
  // The same errors, and usage for more than `most` bytes.
  static Result<Mapping> copy_of_file(const std::string& path, std::size_t most);

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::span<std::byte> bytes() const { return {data_, size_}; }

 private:
  Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace remapstorm
