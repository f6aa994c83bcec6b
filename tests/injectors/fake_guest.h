// SPDX-License-Identifier: Apache-2.0
// A GuestControl that remembers what injectors asked of it.
#pragma once

#include <utility>
#include <vector>

#include "injectors/injector.h"

namespace remapstorm {

class FakeGuest final : public GuestControl {
 public:
  explicit FakeGuest(unsigned vcpus = 2)
      : vcpus_(vcpus), region_(RS_MAILBOX_BYTES / sizeof(std::uint64_t) + 1), mailbox_(bytes(), vcpus) {}

  [[nodiscard]] unsigned vcpu_count() const override { return vcpus_; }
  std::uint32_t new_token() override { return ++last_token; }
  Mailbox& mailbox() override { return mailbox_; }
  Status raise(unsigned vcpu, InterruptKind kind) override {
    raised.emplace_back(vcpu, kind);
    return {};
  }
  Status serror(unsigned vcpu, std::uint32_t syndrome, std::uint32_t) override {
    serrors.emplace_back(vcpu, syndrome);
    return {};
  }
  Status external_abort(unsigned vcpu, Gva address, std::uint32_t) override {
    aborts.emplace_back(vcpu, address);
    return {};
  }
  Status hold(unsigned vcpu, const HoldRequest& request) override {
    holds.emplace_back(vcpu, request);
    return {};
  }
  Status delay_page(Gpa page, Nanoseconds delay, std::uint32_t) override {
    delays.emplace_back(page, delay);
    return {};
  }
  [[nodiscard]] Result<MappedPage> translate(unsigned, Gva) override { return mapped; }

  std::span<std::byte> bytes() { return std::as_writable_bytes(std::span(region_)); }
  rs_mailbox& raw() { return *reinterpret_cast<rs_mailbox*>(region_.data()); }

  std::vector<std::pair<unsigned, InterruptKind>> raised;
  std::vector<std::pair<unsigned, std::uint32_t>> serrors;
  std::vector<std::pair<unsigned, Gva>> aborts;
  std::vector<std::pair<unsigned, HoldRequest>> holds;
  std::vector<std::pair<Gpa, Nanoseconds>> delays;
  MappedPage mapped{Gpa(0x5000), Gpa(0x9000)};
  std::uint32_t last_token = 0;

 private:
  unsigned vcpus_;
  std::vector<std::uint64_t> region_;
  Mailbox mailbox_;
};

}  // namespace remapstorm
