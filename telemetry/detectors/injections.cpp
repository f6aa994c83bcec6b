// SPDX-License-Identifier: Apache-2.0
#include "telemetry/detectors/injections.h"

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/kinds.h"
#include "telemetry/open_spans.h"
#include "telemetry/probe_names.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMaxNamed = 5;  // of each sort

std::string on_vcpu(int vcpu) { return vcpu < 0 ? "" : " on vCPU " + std::to_string(vcpu); }

}  // namespace

void InjectionsDetector::fold(const Event& event) {
  if (const auto* receipt = std::get_if<ReceiptEvent>(&event.body)) fold_receipt(*receipt);
  if (const auto* probe = std::get_if<ProbeEvent>(&event.body)) fold_probe(event.vcpu, *probe);
  if (std::holds_alternative<TruncatedEvent>(event.body)) truncated_ = true;
}

void InjectionsDetector::fold_receipt(const ReceiptEvent& receipt) {
  switch (receipt.phase) {
    case ReceiptEvent::Phase::fired: {
      if (injections_.size() >= kMaxOpen) {
        ++not_watched_;
        return;
      }
      Injection& one = injections_[receipt.token];
      one.injector = receipt.injector;
      one.rule = receipt.rule;
      one.target = receipt.target_vcpu;
      one.interrupt = is_answered(injector_kind(receipt.injector));
      break;
    }
    case ReceiptEvent::Phase::ended:
      // With a token of nobody: an `ended` without its `fired`, nothing to wait for.
      if (const auto found = injections_.find(receipt.token); found != injections_.end()) found->second.over = true;
      break;
    case ReceiptEvent::Phase::failed:
      ++failed_;
      if (const auto found = injections_.find(receipt.token); found != injections_.end()) found->second.over = true;
      if (failures_.size() < kMaxNamed) {
        failures_.push_back(
            "rule \"" + receipt.rule + "\" could not " +
            (injector_kind(receipt.injector) == InjectorKind::hold ? "hold" : "inject " + receipt.injector) + ": " +
            receipt.detail);
      }
      break;
  }
}

void InjectionsDetector::fold_probe(int vcpu, const ProbeEvent& probe) {
  const std::pair<int, std::uint32_t> place{vcpu, RS_CTX_LEVEL(probe.context)};
  switch (probe.probe) {
    case RS_PROBE_INJECT_ENTER:
    case RS_PROBE_INJECT_LEAVE: {
      // The guest may be quicker than our receipt: the handler of a hit on another vCPU runs while the receipt is
      // written.
      const auto token = static_cast<std::uint32_t>(probe.args[1]);
      if (token == 0 || (injections_.size() >= kMaxOpen && !injections_.contains(token))) return;
      Injection& one = injections_[token];
      if (probe.probe == RS_PROBE_INJECT_ENTER) {
        one.entered = true;
        one.entered_on = vcpu;
      } else if (one.entered && one.entered_on == vcpu) {
        one.over = true;
      }
      break;
    }
    case RS_PROBE_BBM_BREAK:
      if (windows_.size() < kMaxOpen) windows_[probe.args[1]] = vcpu;
      break;
    case RS_PROBE_BBM_MAKE:
      windows_.erase(probe.args[1]);
      break;
    case RS_PROBE_FAULT_ENTER:
      if (faults_.size() < kMaxOpen) faults_[place] = Gva(probe.args[0]);
      break;
    case RS_PROBE_FAULT_DONE:
      faults_.erase(place);
      break;
    case RS_PROBE_REMAP_BEGIN:
      if (remaps_.size() < kMaxOpen) ++remaps_[{probe.args[0], probe.args[1]}];
      break;
    case RS_PROBE_REMAP_END:
      remaps_.erase({probe.args[0], probe.args[1]});
      break;
    default:
      break;
  }
}

std::vector<std::string> InjectionsDetector::missing() const {
  std::vector<std::string> all = failures_;
  if (failed_ > failures_.size()) {
    all.push_back(std::to_string(failed_ - failures_.size()) + " more injections failed");
  }
  std::size_t named = 0, unnamed = 0;
  const auto add = [&](std::string text) {
    if (named++ < kMaxNamed) {
      all.push_back(std::move(text));
    } else {
      ++unnamed;
    }
  };
  for (const auto& [token, one] : injections_) {
    const std::string which = one.injector + " of rule \"" + one.rule + "\" (token " + std::to_string(token) + ")";
    if (one.injector.empty()) {
      // Only the guest knows of it.
      add("the guest answered token " + std::to_string(token) + ", which was never injected");
    } else if (!one.interrupt) {
      if (!one.over) add(which + " never ended");
    } else if (!one.entered) {
      add(which + " was never delivered" + on_vcpu(one.target));
    } else if (one.target >= 0 && one.entered_on != one.target) {
      add(which + " was meant for vCPU " + std::to_string(one.target) + " and came" + on_vcpu(one.entered_on));
    } else if (!one.over) {
      add(which + " was delivered" + on_vcpu(one.entered_on) + ", but its handler did not return");
    }
  }
  for (const auto& [entry, vcpu] : windows_) {
    add("the window of the entry at " + describe(Frame{Gva(entry), {}, 0}) + on_vcpu(vcpu) + " was never closed");
  }
  for (const auto& [place, address] : faults_) {
    add("the fault at " + describe(Frame{address, {}, 0}) + on_vcpu(place.first) + " never ended");
  }
  for (const auto& [range, open] : remaps_) {
    add("the remap of " + describe(Frame{Gva(range.first), {}, 0}) + " never ended");
  }
  if (unnamed != 0) all.push_back("and " + std::to_string(unnamed) + " more");
  if (not_watched_ != 0) {
    all.push_back(std::to_string(not_watched_) + " injections were too many to be watched");
  }
  // A cut recording lacks the ends of things that may well have ended.
  if (truncated_) all.push_back("the recording is truncated: what is missing may have been dropped");
  return all;
}

}  // namespace remapstorm
