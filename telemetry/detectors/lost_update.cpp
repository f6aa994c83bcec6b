// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/lost_update.h"

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/probe_names.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostWrites = 4096;  // a hostile guest may write without end
constexpr std::size_t kMostLostUpdates = 8;
constexpr std::uint64_t kWordBits = 64;

std::string text(Gva value) { return describe(Frame{value, {}, 0}); }

}  // namespace

void LostUpdateDetector::fold(const Event& event) {
  const auto* probe = std::get_if<ProbeEvent>(&event.body);
  if (probe == nullptr) return;
  const Gva word(probe->args[2]);
  if (probe->probe == RS_PROBE_INJECT_READ) look(event, word, probe->args[3]);
  if (probe->probe != RS_PROBE_INJECT_WRITE || probe->args[3] >= kWordBits) return;
  const auto before = writes_.find(word);
  if (before == writes_.end() && writes_.size() >= kMostWrites) return;
  if (before != writes_.end() && !before->second.looked_for) written_over_ = word;
  writes_[word] = {event.time, event.vcpu, probe->context, probe->args[3], false};
}

void LostUpdateDetector::look(const Event& event, Gva word, std::uint64_t value) {
  const auto found = writes_.find(word);
  // A word that was looked at may be somebody else's by now.
  if (word.value == 0 || (found != writes_.end() && found->second.looked_for)) nothing_written_ = true;
  if (found == writes_.end() || found->second.looked_for) return;
  Write& write = found->second;
  write.looked_for = true;
  if ((value >> write.bit & 1) != 0 || findings_.size() >= kMostLostUpdates) return;
  Finding finding;
  finding.verdict = Verdict::lost_update;
  finding.summary = "bit " + std::to_string(write.bit) + " of the word at " + text(word) + ", set by vCPU " +
                    std::to_string(write.vcpu) + " in " + context_name(context_of(write.context)) +
                    " context, is not set any more";
  finding.detail = {"vCPU " + std::to_string(event.vcpu) + " looked and found " + text(Gva(value)),
                    "nobody clears that bit: the write went to a copy of the page that is not mapped any more"};
  finding.kind = FindingKind::lost_update;
  finding.fingerprint = finding_kind_name(finding.kind);
  finding.seen_at = write.time;
  finding.proven_at = event.time;
  findings_.push_back(std::move(finding));
}

std::vector<std::string> LostUpdateDetector::missing() const {
  if (nothing_written_) return {"what was to be looked for had not been written"};
  if (written_over_) return {"the word at " + text(*written_over_) + " was written again before anybody looked"};
  for (const auto& [word, write] : writes_) {
    if (!write.looked_for) return {"nobody looked what became of the write to " + text(word)};
  }
  return {};
}

}  // namespace remapstorm
