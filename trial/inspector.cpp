// SPDX-License-Identifier: Apache-2.0
#include "trial/inspector.h"

#include <array>
#include <cstring>

#include "vmm/backtrace.h"
#include "vmm/page_walk.h"

namespace remapstorm {
namespace {

constexpr std::size_t kLinesBefore = 6;
constexpr std::size_t kLinesAfter = 4;

}  // namespace

Result<Inspector> Inspector::create(const Symbols& symbols, const GuestMemory& memory) {
  RS_ASSIGN(Disassembler disassembler, Disassembler::create(kHostIsa));
  // The first use takes longest (a first look took 150 ms in the lab): not while a vCPU stands still in a window.
  (void)disassembler.one(std::array<std::uint8_t, 16>{}, Gva(0));
  return Inspector(symbols, memory, std::move(disassembler));
}

SampleEvent Inspector::look(const Vcpu& vcpu) const {
  SampleEvent sample;
  const Result<CpuState> state = vcpu.state();
  if (!state) return sample;
  sample.pc = state->pc;
  sample.flags = state->flags;
  sample.interrupts_enabled = state->interrupts_enabled;
  sample.user_mode = state->user_mode;
  sample.halted = state->halted;

  const ReadVirtual read = virtual_reader(kHostIsa, state->space, *memory_);
  for (const StackFrame& frame : backtrace(kHostIsa, *state, read, *symbols_)) {
    Frame named;
    named.pc = frame.pc;
    // A return address behind a call that never returns lies in the next symbol: look up the call itself.
    const bool returns = frame.kind == StackFrame::Kind::return_address;
    if (const auto symbol = symbols_->lookup(returns ? frame.pc - 1 : frame.pc)) {
      named.symbol = symbol->name;
      named.offset = frame.pc - symbol->start;
    }
    sample.backtrace.push_back(std::move(named));
  }
  sample.disassembly = lines_around(vcpu, state->pc);
  return sample;
}

std::vector<DisassembledLine> Inspector::lines_around(const Vcpu& vcpu, Gva pc) const {
  std::vector<DisassembledLine> lines;
  const Result<CpuState> state = vcpu.state();
  if (!state) return lines;
  const ReadVirtual read = virtual_reader(kHostIsa, state->space, *memory_);
  for (const Instruction& instruction : disassembler_.around(pc, kLinesBefore, kLinesAfter, *symbols_, read)) {
    lines.push_back({instruction.pc, hex_bytes(instruction.bytes), instruction.text, instruction.pc == pc});
  }
  return lines;
}

std::optional<std::uint32_t> Inspector::word(const Vcpu& vcpu, Gva address) const {
  const Result<CpuState> state = vcpu.state();
  if (!state) return std::nullopt;
  std::array<std::byte, 4> bytes{};
  if (!read_virtual(kHostIsa, state->space, *memory_, address, bytes)) return std::nullopt;
  std::uint32_t value = 0;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string Inspector::explain(const HostErrorStop& stop) const {
  return remapstorm::explain(stop, disassembler_, *symbols_);
}

}  // namespace remapstorm
