// SPDX-License-Identifier: Apache-2.0
// Finds out whether overwriting a page of guest memory can leave KVM's shadow page tables with a translation that is no
// longer in the guest's. Pure. For 4- and 5-level and PAE tables: entries of 8 bytes.
//
// KVM makes a shadow of an entry only if it is present and marked accessed (KVM marks it itself when it walks the
// guest's tables), and learns of every write the guest makes to a table it shadows. So after a write of the host's own
// a shadow is stale only where the old entry was present and accessed and the new one is another. Data that merely
// looks so costs time, never correctness.
#pragma once

#include <cstddef>
#include <cstdint>

#include "vmm/kvm_state.h"

namespace remapstorm::x86_64 {

// Copies `to` := `from`, one page each; says whether a shadow may have become stale. `memory_end`: one past the highest
// guest-physical address that memory can be at.
bool copy_page_and_look(std::byte* to, const std::byte* from, ShadowPaging shadows, std::uint64_t memory_end);

}  // namespace remapstorm::x86_64
