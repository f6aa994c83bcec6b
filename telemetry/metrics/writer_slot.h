// SPDX-License-Identifier: Apache-2.0
// WriterSlot: the least number from 1 that no other process of this machine has at the moment. A label that tells those
// that push at a time apart, with as few values as there were at most of them: a Pushgateway forgets no group.
#pragma once

#include "base/fd.h"

namespace remapstorm {

class WriterSlot {
 public:
  // Held as long as this lives: a name in the abstract name space of UNIX sockets, which the kernel frees with it.
  WriterSlot();
  // 1 also if none could be had.
  [[nodiscard]] unsigned number() const { return number_; }

 private:
  Fd fd_;
  unsigned number_ = 1;
};

}  // namespace remapstorm
