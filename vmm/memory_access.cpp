// SPDX-License-Identifier: Apache-2.0
#include "vmm/memory_access.h"

#include <capstone/capstone.h>

#include <string>

#include "vmm/arch/arch.h"

namespace remapstorm {

struct MemoryAccessDecoder::Handle {
  explicit Handle(const Arch& of) : arch(of) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  const Arch& arch;
  csh capstone = 0;
  ~Handle() {
    if (capstone != 0) cs_close(&capstone);
  }
};

MemoryAccessDecoder::MemoryAccessDecoder(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
MemoryAccessDecoder::MemoryAccessDecoder(MemoryAccessDecoder&&) noexcept = default;
MemoryAccessDecoder& MemoryAccessDecoder::operator=(MemoryAccessDecoder&&) noexcept = default;
MemoryAccessDecoder::~MemoryAccessDecoder() = default;

Result<MemoryAccessDecoder> MemoryAccessDecoder::create(Isa isa) {
  auto handle = std::make_unique<Handle>(arch_of(isa));
  cs_err error = cs_open(static_cast<cs_arch>(handle->arch.capstone_architecture),
                         static_cast<cs_mode>(handle->arch.capstone_mode), &handle->capstone);
  if (error == CS_ERR_OK) error = cs_option(handle->capstone, CS_OPT_DETAIL, CS_OPT_ON);
  if (error != CS_ERR_OK) {
    return internal_error(std::string("Capstone cannot decode operands of ") + arch_of(isa).name + ": " +
                          cs_strerror(error));
  }
  return MemoryAccessDecoder(std::move(handle));
}

std::vector<MemoryAccess> MemoryAccessDecoder::accesses(std::span<const std::uint8_t> code, Gva pc,
                                                        const RegisterValue& value) const {
  cs_insn* decoded = nullptr;
  const std::size_t count =
      code.empty() ? 0 : cs_disasm(handle_->capstone, code.data(), code.size(), pc.value, 1, &decoded);
  std::vector<MemoryAccess> all =
      handle_->arch.accesses(handle_->capstone, count == 1 ? decoded : nullptr, code, value);
  if (count > 0) cs_free(decoded, count);
  return all;
}

std::optional<AccessKind> MemoryAccessDecoder::classify(std::span<const std::uint8_t> code, Gva pc) const {
  std::optional<AccessKind> strongest;
  for (const MemoryAccess& access : accesses(code, pc)) {
    if (!strongest || access.kind > *strongest) strongest = access.kind;
  }
  return strongest;
}

}  // namespace remapstorm
