// SPDX-License-Identifier: Apache-2.0
#include "trial/report_end.h"

namespace remapstorm {

ReportEnd::State ReportEnd::look(const Seen& seen) {
  if (!seen.reported) return State::listen;
  if (!began_at_) began_at_ = seen.console_written;
  if (seen.console_written != written_) {
    written_ = seen.console_written;
    grew_at_ = seen.now;
  }
  if (seen.complete && !complete_at_) complete_at_ = seen.now;
  if (written_ - *began_at_ > kFlood) return State::flood;
  const bool whole = complete_at_ && seen.now - *complete_at_ >= kSettle;
  const bool quiet = seen.now - grew_at_ >= kSettle;
  if (!whole && !quiet) return State::listen;
  if (said_at_ && seen.now - *said_at_ < kSettle) return State::listen;
  said_at_ = seen.now;
  return State::heard;
}

}  // namespace remapstorm
