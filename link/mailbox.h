// SPDX-License-Identifier: Apache-2.0
// Mailbox: the host's side of guest/abi's shared region. Layout and meaning are the ABI header's; this class adds
// typed, tear-free access while the guest runs. Everything read from here was written by the guest and is only a number
// until checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "guest/abi/remapstorm_abi.h"

namespace remapstorm {

enum class InterruptKind : std::uint32_t {
  line = RS_KIND_LINE,
  msi = RS_KIND_MSI,
  nmi = RS_KIND_NMI,
  call = RS_KIND_CALL,  // none: taken by the code at the probe that the vCPU stands at
};

class Mailbox {
 public:
  // `region` must hold RS_MAILBOX_BYTES and outlive this. Clears it and writes the header for `vcpus`
  // (1..RS_MAX_VCPUS).
  Mailbox(std::span<std::byte> region, unsigned vcpus);

  // An armed probe rings, and speaks.
  void arm(unsigned probe);
  void disarm(unsigned probe);
  // A silent probe runs no instruction but its test. At first only update.begin is.
  void silence(unsigned probe);
  void unsilence(unsigned probe);
  // ErrorKind::usage when the text does not fit RS_WORKLOAD_BYTES - 1.
  Status set_workload(std::string_view text);
  void stop_workloads();

  // What the next interrupt of that kind on `vcpu` does; to be written before it is raised.
  void prepare_interrupt(unsigned vcpu, InterruptKind kind, std::uint32_t token, std::uint32_t action);
  // The token of an interrupt of that kind that the guest's handler has not taken yet, or 0.
  [[nodiscard]] std::uint32_t untaken_token(unsigned vcpu, InterruptKind kind) const;

  // Soft hold: the guest spins at its armed probe while this is non-zero.
  void set_soft_hold(unsigned vcpu, std::uint32_t token);

  // Bit per vCPU that is held, whichever way.
  void set_held(std::uint32_t vcpus);

  // vmemmap address of the newest window, 0 before the first. Guest-written.
  [[nodiscard]] std::uint64_t target() const;
  [[nodiscard]] std::uint32_t guest_version() const;

  [[nodiscard]] std::span<const std::byte> ring(unsigned vcpu) const;
  [[nodiscard]] std::uint64_t ring_head(unsigned vcpu) const;  // guest-written
  void set_ring_tail(unsigned vcpu, std::uint64_t sequence);

 private:
  [[nodiscard]] rs_mailbox& box() const { return *reinterpret_cast<rs_mailbox*>(region_.data()); }
  [[nodiscard]] std::uint32_t& token_word(unsigned vcpu, InterruptKind kind) const;

  std::span<std::byte> region_;
};

}  // namespace remapstorm
