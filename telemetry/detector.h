// SPDX-License-Identifier: Apache-2.0
// Detector: folds the events of one trial into findings. Sees events only, never the VM: a recorded run judged again
// gives the same verdict. One file per detector in telemetry/detectors/.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/event.h"
#include "telemetry/finding.h"

namespace remapstorm {

// A reason to look at the vCPUs. The runner answers each new id with two rounds of SampleEvents of all vCPUs
// ("suspected deadlock"), as far apart as proof_standard.h says, with the words of `locks` on the sample of vCPU 0. The
// vCPUs run between the rounds.
struct Suspicion {
  std::uint64_t id = 0;  // grows with each new suspicion of the trial
  std::vector<int> vcpus;
  std::vector<Gva> locks;
  std::string reason;
  Nanoseconds since{0};  // host time of the event that raised it
};

inline constexpr std::size_t kMaxNotes = 20;  // of one detector

class Detector {
 public:
  virtual ~Detector() = default;
  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void fold(const Event& event) = 0;
  // What is suspected right now and still unanswered.
  [[nodiscard]] virtual std::optional<Suspicion> suspicion() const { return std::nullopt; }
  // Everything concluded so far. May be asked at any time; final after the trial's last event.
  [[nodiscard]] virtual std::vector<Finding> findings() const = 0;
  // What keeps the trial from being clean although nothing was found, and why a suspicion came to nothing. Plain text.
  [[nodiscard]] virtual std::vector<std::string> missing() const { return {}; }
  [[nodiscard]] virtual std::vector<std::string> notes() const { return {}; }
};

}  // namespace remapstorm
