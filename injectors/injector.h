// SPDX-License-Identifier: Apache-2.0
// What every injector is: a name, the parameters it takes in a scenario's `do = { inject = "NAME", ... }`, and fire().
// One file per fault; each defines one X_injector(), and the build makes the catalogue from the file names
// (catalogue.h).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/address.h"
#include "base/clock.h"
#include "base/result.h"
#include "injectors/hold_state.h"
#include "link/mailbox.h"
#include "plan/injection.h"

namespace remapstorm {

// A trigger fired on this vCPU, which stands still, out of KVM_RUN, while the injector acts.
struct Hit {
  unsigned vcpu = 0;
  std::uint16_t probe = 0;  // RS_PROBE_*, 0 for a breakpoint
  Gva pc;
  std::array<std::uint64_t, 4> args{};  // of the probe
};

struct Receipt {
  std::uint32_t token = 0;  // identifies this injection within the trial
  int target_vcpu = -1;     // -1: none
  std::string detail;
  Nanoseconds requested{0};
};

// Where in guest-physical memory a guest-virtual address is mapped, and by which page of the page table.
struct MappedPage {
  std::optional<Gpa> page;  // nothing while the entry is not present
  Gpa table;                // page that holds the last-level entry that was read
};

// What an injector may do to a running guest. Implemented by the harness; called with its lock held, on the vCPU thread
// of the hit.
class GuestControl {
 public:
  virtual ~GuestControl() = default;
  [[nodiscard]] virtual unsigned vcpu_count() const = 0;
  virtual std::uint32_t new_token() = 0;
  virtual Mailbox& mailbox() = 0;
  virtual Status raise(unsigned vcpu, InterruptKind kind) = 0;
  // Only arm64 has these; `vcpu` stands still. Ended when the vCPU has taken it.
  virtual Status serror(unsigned vcpu, std::uint32_t syndrome, std::uint32_t token) = 0;
  virtual Status external_abort(unsigned vcpu, Gva address, std::uint32_t token) = 0;
  virtual Status hold(unsigned vcpu, const HoldRequest& request) = 0;
  virtual Status delay_page(Gpa page, Nanoseconds delay, std::uint32_t token) = 0;
  [[nodiscard]] virtual Result<MappedPage> translate(unsigned vcpu, Gva address) = 0;
};

class Injector {
 public:
  virtual ~Injector() = default;
  // An Error means nothing was injected.
  virtual Result<Receipt> fire(const Hit& hit, GuestControl& guest) = 0;
};

// Beside for_ms: the length is drawn for each trial, between the two.
inline constexpr const char* kLongestOfTrial = "up_to_ms";
constexpr double kLongestInjectionMs = 60'000;  // of those that last

template <typename Kind>
std::unique_ptr<Injector> make_injector(const Parameters& parameters) {
  return std::make_unique<Kind>(parameters);
}

struct InjectorInfo {
  InjectorSpec spec;
  // The parameters were checked against the spec.
  std::unique_ptr<Injector> (*make)(const Parameters& parameters) = nullptr;
};

}  // namespace remapstorm
