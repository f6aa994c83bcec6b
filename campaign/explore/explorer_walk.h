// SPDX-License-Identifier: Apache-2.0
// Walking a window by single steps: which instruction boundaries execution visits, and getting back to one of them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "campaign/explore/explorer_entry.h"
#include "campaign/explore/window.h"
#include "results/certificate.h"
#include "trial/machine.h"

namespace remapstorm {

// The way through a window. Equal walks are the same way.
struct Walked {
  WindowKind kind = WindowKind::triggers;
  std::vector<Boundary> boundaries;
  std::vector<Gva> trail;   // pc after each step, those inside calls included; the first is where the window opened
  std::vector<Gva> stacks;  // parallel: the stack pointer; it tells a visit from one by a handler or a deeper call
  Gva target;               // vmemmap address whose entry is under change; 0: not known
};

// Where a step led.
struct Stepped {
  std::optional<Gva> pc;               // if the stop told
  std::optional<Candidate> candidate;  // the guest rang or ran into a breakpoint
  std::string trouble;                 // why there is no going on; empty: all well
};
// One instruction of a frozen machine's vCPU; `block_interrupts`: no interrupt taken in its place.
Stepped step_once(Machine& machine, unsigned vcpu, Vcpu::Interrupts interrupts = Vcpu::Interrupts::blocked);
// One instruction of every other vCPU that can run, in the order of their numbers. They take NMIs, with which they may
// be asked for something, and no interrupts, which come when the host's time has it: so the way is the same each time.
// Returns why one cannot go on, or nothing.
std::string step_others(Machine& machine, unsigned vcpu);

struct WalkRequest {
  const Window& window;
  WindowKind kind = WindowKind::triggers;
  unsigned vcpu = 0;
  bool follow_calls = true;
  std::uint64_t most_steps = 100'000;
  Gva target;  // 0: not known yet
};

// Called where the vCPU stands at a boundary: its number, and how many steps led there. An error ends the walk.
using AtBoundary = std::function<Status(std::size_t boundary, std::uint64_t steps)>;

// How many steps, the others' along with them, from where the machine stands to the opening of an entry's window:
// behind the store that clears it, or, if it is replaced, in front of the store.
struct EntryOpening {
  WindowKind kind = WindowKind::absent;
  std::uint64_t steps = 0;
};
// Errors: usage, if the entry does not change; host.
Result<EntryOpening> find_entry_opening(Machine& machine, const WalkRequest& request);

// From the opening of the window, where the machine stands, to its end. Interrupts stay out: an interrupt in the middle
// would be a visit of its own. The other vCPUs are stepped along. Errors: usage, if the window never closes; host.
Result<Walked> walk_window(Machine& machine, const Symbols& symbols, const WalkRequest& request,
                           const AtBoundary& at_boundary = {});

// How often execution stands where boundary `to` is, stack pointer included, on its way from boundary `from` to `to`,
// both counted. From 1.
std::uint64_t visits_between(const Walked& walked, std::size_t from, std::size_t to);

// Steps a machine that stands `from` steps behind the opening to boundary `index`. Returns why it could not get there,
// or nothing.
std::string step_to(Machine& machine, const Symbols& symbols, unsigned vcpu, const Walked& walked, std::uint64_t from,
                    std::size_t index);

}  // namespace remapstorm
