// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/writer_slot.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>

namespace remapstorm {

WriterSlot::WriterSlot() {
  constexpr unsigned kMost = 1000;
  for (unsigned number = 1; number <= kMost; ++number) {
    const std::string name = "remapstorm-writer-" + std::to_string(number);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return;
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0) {
      fd_ = std::move(fd);
      number_ = number;
      return;
    }
    if (errno != EADDRINUSE) return;
  }
}

}  // namespace remapstorm
