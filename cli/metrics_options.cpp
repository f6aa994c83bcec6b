// SPDX-License-Identifier: Apache-2.0
#include "cli/metrics_options.h"

#include <unistd.h>

#include <array>

#include "telemetry/metrics/push.h"
#include "telemetry/metrics/textfile.h"

namespace remapstorm {
namespace {

std::string hostname() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

}  // namespace

void declare_metrics_options(ArgumentParser& parser, MetricsWords& words) {
  parser.option("--metrics-listen", words.listen, "ADDRESS:PORT",
                "answer Prometheus there, such as 127.0.0.1:9464; port 0: any free one");
  parser.option("--metrics-textfile", words.textfile, "FILE", "keep the metrics in this file, for node_exporter");
  parser.option("--metrics-push", words.push, "URL", "push the metrics to this Pushgateway, http://HOST:PORT");
}

Result<MetricsOptions> check_metrics_words(const MetricsWords& words) {
  MetricsOptions options;
  if (words.listen) {
    const Result<ListenAddress> address = parse_listen_address(*words.listen);
    if (!address.ok()) return address.error().in("--metrics-listen");
    options.listen = *address;
  }
  if (words.textfile) {
    if (words.textfile->empty() || words.textfile->ends_with('/')) {
      return usage_error("--metrics-textfile needs the name of a file", "give one such as DIR/remapstorm.prom");
    }
    options.textfile = *words.textfile;
    options.writer = writer_of(*words.textfile);
  }
  if (words.push) {
    const Result<std::string> target = push_target(*words.push, hostname());
    if (!target.ok()) return target.error().in("--metrics-push");
    options.push_target = *target;
    options.push_slot = !names_group(*words.push);
  }
  return options;
}

}  // namespace remapstorm
