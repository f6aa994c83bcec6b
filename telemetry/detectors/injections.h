// SPDX-License-Identifier: Apache-2.0
// Was everything that was begun also ended? Injected interrupts delivered and answered, holds and delays over, windows
// closed, faults and remaps done. A trial in which something is missing is never clean.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "telemetry/detector.h"

namespace remapstorm {

class InjectionsDetector final : public Detector {
 public:
  [[nodiscard]] std::string_view name() const override { return "injections"; }
  void fold(const Event& event) override;
  [[nodiscard]] std::vector<Finding> findings() const override { return {}; }
  [[nodiscard]] std::vector<std::string> missing() const override;

 private:
  struct Injection {
    std::string injector;
    std::string rule;
    int target = -1;
    bool interrupt = false;  // answered by the guest; the others by an `ended` receipt
    bool entered = false;
    bool over = false;
    int entered_on = -1;
  };
  void fold_receipt(const ReceiptEvent& receipt);
  void fold_probe(int vcpu, const ProbeEvent& probe);

  std::map<std::uint32_t, Injection> injections_;  // by token
  std::vector<std::string> failures_;
  std::uint64_t failed_ = 0;
  std::map<std::uint64_t, int> windows_;                                     // entry -> vCPU
  std::map<std::pair<int, std::uint32_t>, Gva> faults_;                      // vCPU, level -> address
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> remaps_;  // start, end -> open
  bool truncated_ = false;
  std::uint64_t not_watched_ = 0;  // fired beyond kMaxOpen
};

}  // namespace remapstorm
