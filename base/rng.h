// SPDX-License-Identifier: Apache-2.0
// Rng: the only source of chance, seeded from the plan so that a run can be repeated.
#pragma once

#include <cstdint>
#include <random>

namespace remapstorm {

class Rng {
 public:
  explicit Rng(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() { return engine_(); }
  // True with the given probability in [0, 1].
  bool chance(double probability) { return unit() < probability; }
  // Uniform in [0, 1). std::mt19937_64 is specified bit by bit; the std distributions are not, so they are not used.
  double unit() { return static_cast<double>(engine_() >> 11) * 0x1.0p-53; }

 private:
  std::mt19937_64 engine_;
};

}  // namespace remapstorm
