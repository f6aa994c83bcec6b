// SPDX-License-Identifier: Apache-2.0
#include "injectors/hold_state.h"

namespace remapstorm {

bool HoldState::begin(const HoldRequest& request, Nanoseconds now, Nanoseconds given) {
  if (hold_) return false;
  hold_ = request;
  since_ = now;
  given_ = given;
  return true;
}

void HoldState::begin_again(Nanoseconds now, Nanoseconds given) {
  since_ = now;
  given_ = given;
}

std::optional<HoldEnd> HoldState::release(Nanoseconds now) {
  if (!hold_) return std::nullopt;
  HoldEnd end{*hold_, now - since_, false};
  hold_.reset();
  return end;
}

std::optional<HoldEnd> HoldState::give_up(Nanoseconds now) {
  std::optional<HoldEnd> end = release(now);
  if (end) end->timed_out = end->request.until.has_value();
  return end;
}

std::optional<HoldEnd> HoldState::expire(Nanoseconds now, Nanoseconds given) {
  if (!hold_) return std::nullopt;
  const Nanoseconds lasted = hold_->until ? given - given_ : now - since_;
  if (lasted < hold_->length) return std::nullopt;
  return give_up(now);
}

std::optional<Nanoseconds> HoldState::deadline() const {
  if (!hold_ || hold_->until) return std::nullopt;
  return since_ + hold_->length;
}

}  // namespace remapstorm
