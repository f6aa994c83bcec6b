// SPDX-License-Identifier: Apache-2.0
// A trace read back from its bytes, by rules of its own: packets in the order of time, slices by a stack for each
// track, as a viewer does it. Everything a viewer would have to guess is a problem.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace remapstorm {

struct DecodedTrack {
  std::string name;
  std::uint64_t parent = 0;
  std::uint64_t pid = 0, tid = 0;
  bool process = false, thread = false, counter = false;
};

struct DecodedSlice {
  std::uint64_t track = 0;
  std::uint64_t from = 0, to = 0;
  std::size_t depth = 0;
  std::string category, name;
  std::map<std::string, std::string> notes;  // of its begin and its end; numbers in decimal
  std::uint64_t flow = 0;
};

struct DecodedTrace {
  std::map<std::uint64_t, DecodedTrack> tracks;
  std::vector<DecodedSlice> slices;  // in the order of their beginnings
  std::vector<DecodedSlice> instants;
  std::map<std::uint64_t, std::vector<std::pair<std::uint64_t, std::int64_t>>> counts;  // (time, value)
  std::vector<std::string> problems;

  // The only slice or instant of that name; its name is "?" if there is none, or more than one.
  [[nodiscard]] DecodedSlice slice(std::string_view name) const { return only(slices, name); }
  [[nodiscard]] DecodedSlice instant(std::string_view name) const { return only(instants, name); }
  [[nodiscard]] std::size_t count(std::string_view name) const;
  // "process / thread / row"
  [[nodiscard]] std::string path(std::uint64_t track) const;

 private:
  static DecodedSlice only(const std::vector<DecodedSlice>& all, std::string_view name);
};

DecodedTrace decode_trace(std::string_view bytes);

}  // namespace remapstorm
