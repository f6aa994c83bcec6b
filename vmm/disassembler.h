// SPDX-License-Identifier: Apache-2.0
// Disassembler: Capstone behind a small face.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/address.h"
#include "base/result.h"
#include "vmm/kernel_image.h"
#include "vmm/page_walk.h"
#include "vmm/stop.h"
#include "vmm/symbols.h"

namespace remapstorm {

struct Instruction {
  Gva pc;
  std::vector<std::uint8_t> bytes;
  std::string text;  // mnemonic and operands; "(bad)" for bytes that are no instruction
  bool bad = false;
};

class Disassembler {
 public:
  static Result<Disassembler> create(Isa isa);
  Disassembler(Disassembler&&) noexcept;
  Disassembler& operator=(Disassembler&&) noexcept;
  ~Disassembler();

  // The first instruction of `code`, which starts at pc. Bad bytes: one byte (arm64: four) is taken.
  [[nodiscard]] Instruction one(std::span<const std::uint8_t> code, Gva pc) const;
  // At most `limit` instructions, in order, until the bytes end.
  [[nodiscard]] std::vector<Instruction> range(std::span<const std::uint8_t> code, Gva pc, std::size_t limit) const;
  // Up to `before` instructions before pc, the one at pc, up to `after` behind it. Going backwards decodes from the
  // start of the function pc lies in, so that the boundaries are true ones; without a symbol, or when the function does
  // not decode to a boundary at pc, nothing is shown before pc. Branch targets and RIP-relative operands that lie in a
  // symbol are followed by its name: "call 0xffffffff81001000 <schedule>".
  [[nodiscard]] std::vector<Instruction> around(Gva pc, std::size_t before, std::size_t after, const Symbols& symbols,
                                                const ReadVirtual& read) const;

 private:
  struct Handle;
  explicit Disassembler(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

// "0f 0b 90"
std::string hex_bytes(std::span<const std::uint8_t> bytes);

// One sentence for a HostErrorStop: what KVM could not do, the instruction disassembled, the function it stands in.
std::string explain(const HostErrorStop& stop, const Disassembler& disassembler, const Symbols& symbols);

}  // namespace remapstorm
