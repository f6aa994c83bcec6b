// SPDX-License-Identifier: Apache-2.0
// What tests of vCPUs ask of results and stops, on every architecture.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "vmm/kvm_state.h"
#include "vmm/stop.h"

namespace remapstorm {

template <typename T>
T take(Result<T> result) {
  if (!result.ok()) {
    ADD_FAILURE() << result.error().message << " " << result.error().hint;
    std::abort();  // a KVM test without KVM must not look like anything but a failure
  }
  return std::move(result).value();
}
inline void must(const Status& status) { ASSERT_TRUE(status.ok()) << status.error().message; }

// The stop must be a T; says what it was if not.
template <typename T>
T expect_stop(const Stop& stop) {
  if (const T* wanted = std::get_if<T>(&stop)) return *wanted;
  ADD_FAILURE() << "unexpected stop: " << describe(stop);
  return T{};
}

inline std::string text_of(const std::vector<Difference>& differences) {
  std::string text;
  for (const Difference& one : differences) text += one.where + ": " + one.what + "\n";
  return text;
}

}  // namespace remapstorm
