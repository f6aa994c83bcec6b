// SPDX-License-Identifier: Apache-2.0
// Finds a write that is gone: a test set a bit that nobody else uses (inject.write), and a later look at the same word
// (inject.read) does not show it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "telemetry/detector.h"

namespace remapstorm {

class LostUpdateDetector final : public Detector {
 public:
  [[nodiscard]] std::string_view name() const override { return "lost-update"; }
  void fold(const Event& event) override;
  [[nodiscard]] std::vector<Finding> findings() const override { return findings_; }
  // A write that nobody looked for proves nothing, and neither does a look for what was not written since the last one.
  [[nodiscard]] std::vector<std::string> missing() const override;

 private:
  struct Write {
    Nanoseconds time{0};
    int vcpu = -1;
    std::uint32_t context = 0;
    std::uint64_t bit = 0;
    bool looked_for = false;
  };
  void look(const Event& event, Gva word, std::uint64_t value);

  std::map<Gva, Write> writes_;      // the newest of each word
  bool nothing_written_ = false;     // since the last look, when it was looked for
  std::optional<Gva> written_over_;  // of a write that nobody had looked for
  std::vector<Finding> findings_;
};

}  // namespace remapstorm
