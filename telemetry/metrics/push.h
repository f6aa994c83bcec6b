// SPDX-License-Identifier: Apache-2.0
// Pushes metrics to a Prometheus Pushgateway, which keeps the last that a group of labels sent. Not prometheus-cpp's
// Gateway: it waits for ever for one that does not answer.
#pragma once

#include <atomic>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace remapstorm {

// Where to PUT to: "http://HOST:PORT" and a group, /metrics/job/remapstorm/instance/HOST unless `url` names one.
// Error: usage (no http or https URL).
Result<std::string> push_target(const std::string& url, const std::string& hostname);

// Whether `url` names a group of its own.
bool names_group(const std::string& url);

// Returns after `timeout` at the latest, and soon after `stop` becomes true. Errors: host, with what the gateway said.
Status push_metrics(const std::string& target, std::string_view metrics, Nanoseconds timeout,
                    const std::atomic<bool>& stop);

}  // namespace remapstorm
