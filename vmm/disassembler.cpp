// SPDX-License-Identifier: Apache-2.0
#include "vmm/disassembler.h"

#include <capstone/capstone.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "vmm/arch/arch.h"

namespace remapstorm {

struct Disassembler::Handle {
  csh capstone = 0;
  std::size_t unit = 1;  // bytes taken for something that is no instruction
  std::size_t longest = 15;
  ~Handle() {
    if (capstone != 0) cs_close(&capstone);
  }
};

Disassembler::Disassembler(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
Disassembler::Disassembler(Disassembler&&) noexcept = default;
Disassembler& Disassembler::operator=(Disassembler&&) noexcept = default;
Disassembler::~Disassembler() = default;

Result<Disassembler> Disassembler::create(Isa isa) {
  auto handle = std::make_unique<Handle>();
  const Arch& arch = arch_of(isa);
  handle->unit = arch.unit;
  handle->longest = arch.longest;
  const cs_err error = cs_open(static_cast<cs_arch>(arch.capstone_architecture),
                               static_cast<cs_mode>(arch.capstone_mode), &handle->capstone);
  if (error != CS_ERR_OK) {
    handle->capstone = 0;
    return internal_error(std::string("Capstone cannot disassemble ") + arch.name + ": " + cs_strerror(error));
  }
  return Disassembler(std::move(handle));
}

Instruction Disassembler::one(std::span<const std::uint8_t> code, Gva pc) const {
  Instruction out;
  out.pc = pc;
  cs_insn* decoded = nullptr;
  const std::size_t count =
      code.empty() ? 0 : cs_disasm(handle_->capstone, code.data(), code.size(), pc.value, 1, &decoded);
  if (count == 1 && decoded->size > 0 && decoded->size <= code.size()) {
    out.bytes.assign(code.begin(), code.begin() + decoded->size);
    out.text = decoded->mnemonic;
    if (decoded->op_str[0] != '\0') out.text += std::string(" ") + decoded->op_str;
  } else {
    const std::size_t taken = std::min(handle_->unit, code.size());
    out.bytes.assign(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(taken));
    out.text = "(bad)";
    out.bad = true;
  }
  if (count > 0) cs_free(decoded, count);
  return out;
}

std::vector<Instruction> Disassembler::range(std::span<const std::uint8_t> code, Gva pc, std::size_t limit) const {
  std::vector<Instruction> out;
  while (!code.empty() && out.size() < limit) {
    out.push_back(one(code, pc));
    const std::size_t taken = out.back().bytes.size();
    code = code.subspan(taken);
    pc = pc + taken;
  }
  return out;
}

namespace {

// As many bytes from `start` as are mapped, up to `size`.
std::vector<std::uint8_t> fetch(Gva start, std::size_t size, const ReadVirtual& read) {
  std::vector<std::uint8_t> code(size);
  const auto bytes = std::as_writable_bytes(std::span(code));
  if (read(start, bytes)) return code;
  const std::size_t in_page = std::min<std::size_t>(size, kGuestPageSize - (start.value & (kGuestPageSize - 1)));
  if (!read(start, bytes.first(in_page))) return {};
  code.resize(in_page);
  return code;
}

}  // namespace

namespace {

// Where a branch goes or what a RIP-relative operand means, by name: "call 0xffffffff81001000 <schedule>".
void name_target(Instruction& instruction, const Symbols& symbols) {
  std::string& text = instruction.text;
  const std::size_t operand = text.find(' ');
  if (instruction.bad || operand == std::string::npos) return;
  std::uint64_t target = 0;
  const std::size_t number = text.find_first_not_of(" #", operand);
  const std::size_t relative = text.find("[rip");
  if (number == std::string::npos) return;
  if (text.compare(number, 2, "0x") == 0 && text.find(',') == std::string::npos) {
    target = std::strtoull(text.c_str() + number, nullptr, 16);
  } else if (relative != std::string::npos) {
    // "[rip]", "[rip + 0x10]", "[rip - 0x10]"
    const std::size_t sign = text.find_first_of("+-]", relative);
    if (sign == std::string::npos) return;
    const std::uint64_t distance = text[sign] == ']' ? 0 : std::strtoull(text.c_str() + sign + 1, nullptr, 0);
    target = instruction.pc.value + instruction.bytes.size() + (text[sign] == '-' ? 0 - distance : distance);
  } else {
    return;
  }
  const auto symbol = symbols.lookup(Gva(target));
  if (!symbol) return;
  char offset[24] = "";
  if (symbol->offset != 0) {
    std::snprintf(offset, sizeof(offset), "+0x%llx", static_cast<unsigned long long>(symbol->offset));
  }
  text += " <" + std::string(symbol->name) + offset + ">";
}

}  // namespace

std::vector<Instruction> Disassembler::around(Gva pc, std::size_t before, std::size_t after, const Symbols& symbols,
                                              const ReadVirtual& read) const {
  constexpr std::uint64_t kLongestFunction = 256 << 10;
  std::vector<Instruction> out;
  const auto function = symbols.lookup(pc);
  if (before > 0 && function && function->offset > 0 && function->offset <= kLongestFunction) {
    const std::vector<std::uint8_t> code = fetch(function->start, function->offset, read);
    // A long function is decoded whole: only from its start are the boundaries certain.
    if (code.size() == function->offset) out = range(code, function->start, code.size());
    if (std::any_of(out.begin(), out.end(), [](const Instruction& i) { return i.bad; })) out.clear();
    if (out.size() > before) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(before));
  }
  const std::vector<std::uint8_t> code = fetch(pc, (after + 1) * handle_->longest, read);
  for (Instruction& instruction : range(code, pc, after + 1)) out.push_back(std::move(instruction));
  for (Instruction& instruction : out) name_target(instruction, symbols);
  return out;
}

std::string hex_bytes(std::span<const std::uint8_t> bytes) {
  std::string text;
  char buffer[4];
  for (const std::uint8_t byte : bytes) {
    std::snprintf(buffer, sizeof(buffer), "%02x", byte);
    if (!text.empty()) text += ' ';
    text += buffer;
  }
  return text;
}

std::string explain(const HostErrorStop& stop, const Disassembler& disassembler, const Symbols& symbols) {
  std::string text = stop.error.message;
  if (!stop.instruction.empty()) {
    const Instruction instruction = disassembler.one(stop.instruction, stop.pc);
    text += ": " + instruction.text + " (" + hex_bytes(instruction.bytes) + ")";
  }
  return text + " at " + symbols.describe(stop.pc);
}

}  // namespace remapstorm
