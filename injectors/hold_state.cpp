// SPDX-License-Identifier: Apache-2.0
#include "injectors/hold_state.h"

namespace remapstorm {

bool HoldState::begin(const HoldRequest& request, Nanoseconds now) {
  if (hold_) return false;
  hold_ = request;
  since_ = now;
  return true;
}

std::optional<HoldEnd> HoldState::release(Nanoseconds now) {
  if (!hold_) return std::nullopt;
  HoldEnd end{*hold_, now - since_, false};
  hold_.reset();
  return end;
}

std::optional<HoldEnd> HoldState::expire(Nanoseconds now) {
  if (!hold_ || now < since_ + hold_->length) return std::nullopt;
  const bool timed_out = hold_->until.has_value();
  std::optional<HoldEnd> end = release(now);
  end->timed_out = timed_out;
  return end;
}

std::optional<Nanoseconds> HoldState::deadline() const {
  if (!hold_) return std::nullopt;
  return since_ + hold_->length;
}

}  // namespace remapstorm
