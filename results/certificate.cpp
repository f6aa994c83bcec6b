// SPDX-License-Identifier: Apache-2.0
#include "results/certificate.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <tuple>

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

std::string_view code_owner_name(CodeOwner owner) {
  switch (owner) {
    case CodeOwner::kernel:
      return "kernel";
    case CodeOwner::strategy:
      return "strategy";
    case CodeOwner::harness:
      break;
  }
  return "harness";
}

std::optional<CodeOwner> code_owner_from_name(std::string_view name) {
  for (const CodeOwner owner : {CodeOwner::kernel, CodeOwner::strategy, CodeOwner::harness}) {
    if (code_owner_name(owner) == name) return owner;
  }
  return std::nullopt;
}

std::string_view window_kind_name(WindowKind kind) {
  switch (kind) {
    case WindowKind::triggers:
      return "triggers";
    case WindowKind::absent:
      return "entry-absent";
    case WindowKind::replaced:
      break;
  }
  return "entry-replaced";
}

std::optional<WindowKind> window_kind_from_name(std::string_view name) {
  for (const WindowKind kind : {WindowKind::triggers, WindowKind::absent, WindowKind::replaced}) {
    if (window_kind_name(kind) == name) return kind;
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

std::string name_of(const Certificate& certificate, const ExplorePoint& point) {
  std::string name = name_of(certificate.boundaries[point.boundary]);
  if (point.second) name += " then " + name_of(certificate.boundaries[*point.second]);
  return name + ", " + point.inject;
}

const ExploredTrial* Certificate::trial(std::size_t boundary, std::string_view inject) const {
  auto at = std::lower_bound(trials.begin(), trials.end(), boundary,
                             [](const ExploredTrial& one, std::size_t wanted) { return one.boundary < wanted; });
  for (; at != trials.end() && at->boundary == boundary; ++at) {
    if (at->inject == inject && !at->second) return &*at;
  }
  return nullptr;
}

const SkippedPoint* Certificate::skip(std::size_t boundary, std::string_view inject) const {
  const auto found = std::find_if(skipped.begin(), skipped.end(), [&](const SkippedPoint& one) {
    return one.boundary == boundary && one.inject == inject && !one.second;
  });
  return found == skipped.end() ? nullptr : &*found;
}

namespace {

// Names a point; no two points have the same.
std::tuple<std::size_t, std::string_view, std::optional<std::size_t>> key_of(const ExplorePoint& point) {
  return {point.boundary, point.inject, point.second};
}

std::map<Verdict, std::size_t> count_if(const std::vector<ExploredTrial>& trials, std::string_view inject, bool two) {
  std::map<Verdict, std::size_t> counts;
  for (const ExploredTrial& one : trials) {
    if (one.inject == inject && one.second.has_value() == two) ++counts[one.verdict];
  }
  return counts;
}

}  // namespace

std::vector<ExplorePoint> Certificate::all_points() const {
  std::vector<ExplorePoint> points;
  for (std::size_t boundary = 0; boundary < boundaries.size(); ++boundary) {
    for (const std::string& inject : injections) points.push_back({boundary, inject, std::nullopt});
    if (boundary % stride != 0) continue;
    for (const std::string& pair : pairs) {
      for (std::size_t second = boundary + stride; second < boundaries.size(); second += stride) {
        points.push_back({boundary, pair, second});
      }
    }
  }
  return points;
}

std::size_t Certificate::points() const {
  const std::size_t places = (boundaries.size() + stride - 1) / stride;
  const std::size_t both = places == 0 ? 0 : places * (places - 1) / 2;
  return boundaries.size() * injections.size() + pairs.size() * both;
}

bool Certificate::complete() const {
  if (boundaries.empty() || injections.empty() || !skipped.empty() || (!pairs.empty() && stride != 1)) return false;
  if (!unsteady().empty()) return false;
  return trials.size() == points() && points_left(*this, all_points()).empty();
}

void note_repetition(ExploredTrial& trial, const ExploredTrial& again) {
  ++trial.repetitions;
  const auto places = [](const ExploredTrial& one) {
    std::string text;
    for (const TakenAt& at : one.taken) {
      text += (text.empty() ? "taken at " : ", ") + place_of(at.symbol, at.offset, at.pc);
      if (at.boundary) text += " (boundary " + std::to_string(*at.boundary) + ")";
    }
    return text.empty() ? std::string("not taken") : text;
  };
  if (again.verdict == trial.verdict && places(again) == places(trial)) return;
  trial.differing.push_back(std::string(verdict_name(again.verdict)) + ", " + places(again));
}

std::vector<const ExploredTrial*> Certificate::unsteady() const {
  std::vector<const ExploredTrial*> found;
  for (const ExploredTrial& one : trials) {
    if (!one.differing.empty()) found.push_back(&one);
  }
  return found;
}

std::size_t Certificate::count_code(CodeOwner owner) const {
  return static_cast<std::size_t>(
      std::count_if(boundaries.begin(), boundaries.end(), [&](const Boundary& one) { return one.code == owner; }));
}

std::map<Verdict, std::size_t> Certificate::count(std::string_view inject) const {
  return count_if(trials, inject, false);
}

std::map<Verdict, std::size_t> Certificate::count_pairs(std::string_view pair) const {
  return count_if(trials, pair, true);
}

std::size_t Certificate::count_never_came(std::string_view pair) const {
  return static_cast<std::size_t>(std::count_if(trials.begin(), trials.end(), [&](const ExploredTrial& one) {
    return one.second && one.inject == pair && !one.second_raised;
  }));
}

void Certificate::sort() {
  const auto rank = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) - names.begin();
  };
  const auto before = [&](const ExplorePoint& a, const ExplorePoint& b) {
    const auto order = [&](const ExplorePoint& one) {
      return std::tuple(one.boundary, one.second.has_value(), rank(one.second ? pairs : injections, one.inject),
                        one.second.value_or(0));
    };
    return order(a) < order(b);
  };
  std::stable_sort(trials.begin(), trials.end(), before);
  std::stable_sort(skipped.begin(), skipped.end(), before);
}

std::vector<ExplorePoint> points_left(const Certificate& certificate, std::vector<ExplorePoint> wanted) {
  std::set<std::tuple<std::size_t, std::string_view, std::optional<std::size_t>>> there;
  for (const ExploredTrial& one : certificate.trials) there.insert(key_of(one));
  for (const SkippedPoint& one : certificate.skipped) there.insert(key_of(one));
  std::erase_if(wanted, [&](const ExplorePoint& one) { return there.contains(key_of(one)); });
  return wanted;
}

std::vector<BoundaryRange> ranges_of(const Certificate& certificate) {
  const auto alike = [&](std::size_t a, std::size_t b) {
    const Boundary& one = certificate.boundaries[a];
    const Boundary& other = certificate.boundaries[b];
    if (one.symbol != other.symbol || one.code != other.code || one.interrupts_on != other.interrupts_on ||
        one.entry != other.entry)
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

std::vector<FunctionPart> by_function(const Certificate& certificate) {
  std::vector<FunctionPart> parts;
  for (std::size_t i = 0; i < certificate.boundaries.size(); ++i) {
    const Boundary& boundary = certificate.boundaries[i];
    auto part = std::find_if(parts.begin(), parts.end(), [&](const FunctionPart& one) {
      return one.symbol == boundary.symbol && one.code == boundary.code;
    });
    if (part == parts.end()) {
      parts.push_back({boundary.symbol, boundary.code, 0, {}});
      part = parts.end() - 1;
      part->verdicts.resize(certificate.injections.size());
    }
    ++part->boundaries;
    for (std::size_t j = 0; j < certificate.injections.size(); ++j) {
      if (const ExploredTrial* trial = certificate.trial(i, certificate.injections[j])) {
        ++part->verdicts[j][trial->verdict];
      }
    }
  }
  return parts;
}

std::vector<std::string> not_covered(const Certificate& certificate) {
  const std::size_t ours = certificate.count_code(CodeOwner::harness);
  std::vector<std::string> lines = {
      ours == 0 ? std::string("the tests of silent probes elsewhere: no instruction of the harness lies in this window")
                : std::to_string(ours) + " of " + std::to_string(certificate.boundaries.size()) +
                      " boundaries are the harness's own code, which no other kernel has: probes and the tests of "
                      "silent ones",
      "weak memory order: one vCPU stood between instructions, as if every store before had been seen by all",
      "speculation, and what happens inside one instruction",
      "TLB conflict behaviour: stale or conflicting TLB entries, and what hardware does with them",
      "anything about another architecture than " + certificate.host.architecture,
      "interrupts of the guest's own, of timers and devices, at other moments than those of this run",
      "another path through the window than the one visited, and other windows than number " +
          std::to_string(certificate.nth) + " after the guest was ready",
  };
  if (!certificate.calls_followed) lines.emplace_back("boundaries inside called functions, which were stepped over");
  const bool same = std::any_of(certificate.injections.begin(), certificate.injections.end(),
                                [](const std::string& one) { return one.find('+') != std::string::npos; });
  if (certificate.pairs.empty()) {
    lines.emplace_back(same ? "two injections at two boundaries of the window" : "two injections in one window");
  } else {
    if (certificate.stride != 1) {
      lines.push_back("pairs at other boundaries than those of a stride of " + std::to_string(certificate.stride) +
                      ": they are a sample");
    }
    lines.emplace_back("two injections of one kind, and more than two");
  }
  return lines;
}

std::vector<std::string> differing_verdicts(const Certificate& a, const Certificate& b) {
  std::vector<std::string> lines;
  if (a.boundaries.size() != b.boundaries.size()) {
    lines.push_back(std::to_string(a.boundaries.size()) + " boundaries against " + std::to_string(b.boundaries.size()));
    return lines;
  }
  std::map<std::tuple<std::size_t, std::string_view, std::optional<std::size_t>>, Verdict> others;
  for (const ExploredTrial& one : b.trials) others[key_of(one)] = one.verdict;
  for (const ExploredTrial& one : a.trials) {
    const auto other = others.find(key_of(one));
    if (other != others.end() && other->second == one.verdict) continue;
    lines.push_back(name_of(a, one) + ": " + std::string(verdict_name(one.verdict)) + " against " +
                    (other == others.end() ? "no trial" : std::string(verdict_name(other->second))));
  }
  return lines;
}

}  // namespace remapstorm
