// SPDX-License-Identifier: Apache-2.0
// Names of what guest/abi numbers, taken from its tables.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace remapstorm {

struct ProbeInfo {
  std::uint16_t number = 0;
  std::string_view name;
  std::array<std::string_view, 4> arguments;  // "-": unused
};

std::span<const ProbeInfo> all_probes();
std::vector<std::string> probe_names();
const ProbeInfo* probe_by_number(std::uint64_t number);  // null: unknown
const ProbeInfo* probe_by_name(std::string_view name);
// Index of a named argument, or empty.
std::optional<unsigned> probe_argument(const ProbeInfo& probe, std::string_view argument);

std::span<const std::string_view> all_strategies();  // index: rs_mailbox.strategy
std::string lock_name(std::uint64_t lock_id);        // "init_mm.page_table_lock", "lock 7"
// What a vCPU was asked to do: RS_ASK_*.
std::string answer_name(std::uint64_t asked);

}  // namespace remapstorm
