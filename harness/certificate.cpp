// SPDX-License-Identifier: Apache-2.0
#include "harness/certificate.h"

#include <algorithm>
#include <cstdio>

namespace remapstorm {

std::string_view entry_state_name(EntryState state) {
  switch (state) {
    case EntryState::clear:
      return "clear";
    case EntryState::present:
      return "present";
    case EntryState::unknown:
      break;
  }
  return "unknown";
}

std::optional<EntryState> entry_state_from_name(std::string_view name) {
  for (const EntryState state : {EntryState::unknown, EntryState::clear, EntryState::present}) {
    if (entry_state_name(state) == name) return state;
  }
  return std::nullopt;
}

std::string place_of(const std::string& symbol, std::uint64_t offset, Gva pc) {
  char text[40];
  if (symbol.empty()) {
    std::snprintf(text, sizeof(text), "0x%016llx", static_cast<unsigned long long>(pc.value));
    return text;
  }
  std::snprintf(text, sizeof(text), "+0x%llx", static_cast<unsigned long long>(offset));
  return symbol + text;
}

std::string name_of(const Boundary& boundary) {
  std::string name = place_of(boundary.symbol, boundary.offset, boundary.pc);
  if (boundary.visit > 1) name += " (visit " + std::to_string(boundary.visit) + ")";
  return name;
}

const ExploredTrial* Certificate::trial(std::size_t boundary, std::string_view inject) const {
  auto at = std::lower_bound(trials.begin(), trials.end(), boundary,
                             [](const ExploredTrial& one, std::size_t wanted) { return one.boundary < wanted; });
  for (; at != trials.end() && at->boundary == boundary; ++at) {
    if (at->inject == inject) return &*at;
  }
  return nullptr;
}

const SkippedPoint* Certificate::skip(std::size_t boundary, std::string_view inject) const {
  const auto found = std::find_if(skipped.begin(), skipped.end(), [&](const SkippedPoint& one) {
    return one.boundary == boundary && one.inject == inject;
  });
  return found == skipped.end() ? nullptr : &*found;
}

bool Certificate::complete() const {
  if (boundaries.empty() || injections.empty() || !skipped.empty() || trials.size() != points()) return false;
  for (std::size_t boundary = 0; boundary < boundaries.size(); ++boundary) {
    for (const std::string& inject : injections) {
      if (trial(boundary, inject) == nullptr) return false;
    }
  }
  return true;
}

std::map<Verdict, std::size_t> Certificate::count(std::string_view inject) const {
  std::map<Verdict, std::size_t> counts;
  for (const ExploredTrial& one : trials) {
    if (one.inject == inject) ++counts[one.verdict];
  }
  return counts;
}

std::vector<BoundaryRange> ranges_of(const Certificate& certificate) {
  const auto alike = [&](std::size_t a, std::size_t b) {
    const Boundary& one = certificate.boundaries[a];
    const Boundary& other = certificate.boundaries[b];
    if (one.symbol != other.symbol || one.interrupts_on != other.interrupts_on || one.entry != other.entry)
      return false;
    return std::all_of(certificate.injections.begin(), certificate.injections.end(), [&](const std::string& inject) {
      const ExploredTrial* left = certificate.trial(a, inject);
      const ExploredTrial* right = certificate.trial(b, inject);
      if (left == nullptr || right == nullptr) return left == right;
      return left->verdict == right->verdict;
    });
  };
  std::vector<BoundaryRange> ranges;
  for (std::size_t i = 0; i < certificate.boundaries.size(); ++i) {
    if (!ranges.empty() && alike(ranges.back().last, i)) {
      ranges.back().last = i;
    } else {
      ranges.push_back({i, i});
    }
  }
  return ranges;
}

std::vector<std::string> not_covered(const Certificate& certificate) {
  std::vector<std::string> lines = {
      "weak memory order: one vCPU stood between instructions, as if every store before had been seen by all",
      "speculation, and what happens inside one instruction",
      "TLB conflict behaviour: stale or conflicting TLB entries, and what hardware does with them",
      "anything about another architecture than " + certificate.host.architecture,
      "another path through the window than the one visited, and other windows than number " +
          std::to_string(certificate.nth) + " after the guest was ready",
  };
  if (!certificate.calls_followed) lines.emplace_back("boundaries inside called functions, which were stepped over");
  if (certificate.injections.size() == 1 ||
      std::none_of(certificate.injections.begin(), certificate.injections.end(),
                   [](const std::string& one) { return one.find('+') != std::string::npos; })) {
    lines.emplace_back("two injections in one window");
  }
  return lines;
}

std::vector<std::string> differing_verdicts(const Certificate& a, const Certificate& b) {
  std::vector<std::string> lines;
  if (a.boundaries.size() != b.boundaries.size()) {
    lines.push_back(std::to_string(a.boundaries.size()) + " boundaries against " + std::to_string(b.boundaries.size()));
    return lines;
  }
  for (const ExploredTrial& one : a.trials) {
    const ExploredTrial* other = b.trial(one.boundary, one.inject);
    if (other != nullptr && other->verdict == one.verdict) continue;
    lines.push_back(name_of(a.boundaries[one.boundary]) + ", " + one.inject + ": " +
                    std::string(verdict_name(one.verdict)) + " against " +
                    (other == nullptr ? "no trial" : std::string(verdict_name(other->verdict))));
  }
  return lines;
}

}  // namespace remapstorm
