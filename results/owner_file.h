// SPDX-License-Identifier: Apache-2.0
// What stands in the file of a folder's owner (folder_owner.h), and what can be told from it alone.
#pragma once

#include <string>
#include <string_view>

namespace remapstorm {

// One process of one boot of one machine; `nonce` tells two files of the same process apart.
struct OwnerIdentity {
  std::string boot;  // /proc/sys/kernel/random/boot_id
  std::string pids;  // the name space that `pid` counts in
  std::string pid;
  std::string start;  // when that process began, in clock ticks since boot
  std::string host;   // for people
  std::string nonce;

  static OwnerIdentity of_this_process();
};

// The file: everything but the count never changes.
std::string owner_text(const OwnerIdentity& identity, unsigned long long count);
// Where the count stands in a file of this size: it is written over in place.
std::size_t owner_count_offset(std::size_t size);
std::string owner_count_text(unsigned long long count);

enum class OwnerLife {
  alive,
  dead,
  elsewhere,  // on another machine, before a reboot, in another container, or not readable: only time can tell
};
OwnerLife judge_owner(std::string_view text, const OwnerIdentity& here);
// "process 1234 on HOST", or "somebody".
std::string owner_name(std::string_view text);
// The part of the text that never changes.
std::string_view owner_without_count(std::string_view text);

}  // namespace remapstorm
