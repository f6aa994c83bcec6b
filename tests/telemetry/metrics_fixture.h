// SPDX-License-Identifier: Apache-2.0
// Made-up trials for tests of metrics, and reading what comes out.
#pragma once

#include <map>
#include <sstream>
#include <string>

#include "guest/abi/remapstorm_abi.h"
#include "telemetry/event.h"
#include "telemetry/metrics/metrics.h"
#include "telemetry/metrics/trial_fold.h"

namespace remapstorm {

inline const TrialLabels kLabels{"irq-same-cpu", "bbm-fault", "std", "kvm-interpreting"};

// A probe seen `delay` after it happened.
inline Event probe(std::uint16_t number, int vcpu, Nanoseconds guest, std::array<std::uint64_t, 4> args = {},
                   std::uint32_t context = RS_CTX_TASK) {
  ProbeEvent body;
  body.probe = number;
  body.context = context;
  body.args = args;
  Event event;
  event.time = guest + Nanoseconds(1000);
  event.guest_time = guest;
  event.vcpu = vcpu;
  event.body = body;
  return event;
}

inline Event event_at(Nanoseconds time, int vcpu, EventBody body) {
  Event event;
  event.time = time;
  event.vcpu = vcpu;
  event.body = std::move(body);
  return event;
}

// The samples of the text format: "name{labels}" -> value as written.
inline std::map<std::string, std::string> samples(const Metrics& metrics) {
  std::map<std::string, std::string> all;
  std::istringstream text(metrics.text());
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with('#')) continue;
    const std::size_t space = line.rfind(' ');
    all[line.substr(0, space)] = line.substr(space + 1);
  }
  return all;
}

// "name{the trial's labels,more}".
inline std::string of_trial(const std::string& name, const std::string& more = {}) {
  return name + R"({scenario="irq-same-cpu",strategy="bbm-fault",flavour="std",host="kvm-interpreting")" +
         (more.empty() ? "" : "," + more) + "}";
}

}  // namespace remapstorm
