// SPDX-License-Identifier: Apache-2.0
#include "vmm/arch/arm64/esr.h"

namespace remapstorm::arm64 {
namespace {

const char* name(FaultKind kind) {
  switch (kind) {
    case FaultKind::address_size:
      return "address size fault";
    case FaultKind::translation:
      return "translation fault";
    case FaultKind::access_flag:
      return "access flag fault";
    case FaultKind::permission:
      return "permission fault";
    case FaultKind::external:
      return "external abort";
    case FaultKind::tlb_conflict:
      return "TLB conflict abort";
    case FaultKind::alignment:
      return "alignment fault";
    case FaultKind::other:
      break;
  }
  return "other abort";
}

// Fault status code, bits 5:0.
void decode_status(unsigned code, Abort& abort) {
  abort.level = -1;
  const unsigned group = code >> 2;
  const int level = static_cast<int>(code & 3);
  switch (group) {
    case 0:
      abort.kind = FaultKind::address_size;
      abort.level = level;
      return;
    case 1:
      abort.kind = FaultKind::translation;
      abort.level = level;
      return;
    case 2:
      abort.kind = FaultKind::access_flag;
      abort.level = level;
      return;
    case 3:
      abort.kind = FaultKind::permission;
      abort.level = level;
      return;
    case 5:
      abort.kind = FaultKind::external;  // on a table walk
      abort.level = level;
      return;
    default:
      break;
  }
  if (code == 0x10) abort.kind = FaultKind::external;
  if (code == 0x21) abort.kind = FaultKind::alignment;
  if (code == 0x30) abort.kind = FaultKind::tlb_conflict;
}

}  // namespace

bool decode_abort(std::uint64_t esr, Abort& abort) {
  abort = Abort{};
  switch (static_cast<ExceptionClass>(exception_class(esr))) {
    case ExceptionClass::instruction_abort_lower:
      abort.instruction = abort.from_lower_level = true;
      break;
    case ExceptionClass::instruction_abort_same:
      abort.instruction = true;
      break;
    case ExceptionClass::data_abort_lower:
      abort.from_lower_level = true;
      break;
    case ExceptionClass::data_abort_same:
      break;
    default:
      return false;
  }
  abort.write = !abort.instruction && (esr >> 6 & 1) != 0;
  abort.on_table_walk = (esr >> 7 & 1) != 0;
  abort.address_valid = (esr >> 10 & 1) == 0;
  decode_status(esr & 0x3f, abort);
  return true;
}

std::string describe(const Abort& abort) {
  std::string text = name(abort.kind);
  if (abort.level >= 0) text += ", level " + std::to_string(abort.level);
  text += abort.instruction ? ", instruction" : abort.write ? ", write" : ", read";
  text += abort.from_lower_level ? ", user" : ", kernel";
  return text;
}

}  // namespace remapstorm::arm64
