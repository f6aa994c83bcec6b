// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/reference.h"

#include <map>
#include <set>
#include <sstream>

#include "telemetry/metrics/catalogue.h"

namespace remapstorm {
namespace {

constexpr std::string_view kIntroduction =
    R"(<!-- SPDX-License-Identifier: Apache-2.0. Made by `remapstorm metrics`; change telemetry/metrics/ instead. -->
# Metrics

`run`, `explore` and `serve` tell these, in three ways that go together:

| option | way |
|---|---|
| `--metrics-listen ADDRESS:PORT` | an endpoint for Prometheus, `http://ADDRESS:PORT/metrics`, as long as the command runs. `9464` alone means 127.0.0.1:9464; `:9464` every address of the machine, as with other exporters; a name of the machine, `[::1]:9464` and `[fe80::1%eth0]:9464` work as well. Port 0: any free one, which is printed |
| `--metrics-textfile FILE` | a file for node_exporter's textfile collector, replaced as a whole about every second and at the end; no time stamps. Every series carries `writer="NAME"`, the file's name without its ending. What is no textfile of ours is not replaced (exit 64) |
| `--metrics-push URL` | a Pushgateway, `http://HOST:PORT`, about every ten seconds and at the end. The group is `job="remapstorm"`, `instance="HOSTNAME"`, `writer="N"`, unless the URL names one (`/metrics/job/...`). N is the least number from 1 that no other run on the machine pushes as |

Trouble with them never changes a verdict or an exit code: it is said once on standard error and counted in
`remapstorm_metrics_failures_total`. A port that is taken ends `serve` before it begins (exit 75), because nobody would see what
it does; `run` and `explore` say so and go on.

Figures are folded from events and trial results; what is true of a single trial is in its `events.jsonl`. A trial that runs for long shows
up while it runs. Counters that matter for alerts (`remapstorm_trials_total`, `remapstorm_trial_errors_total`) exist from the
start with the value 0, for every scenario that will run. Everything about a trial carries `scenario`, `strategy`, `flavour` and
`host`; seeds, addresses, symbols and names of runs are never labels.

## Several runs on one machine

When two files of its folder hold the same series node_exporter drops one of them, or gives up the whole scrape, and a Pushgateway keeps
only the last that was pushed to a group. `writer` tells runs apart; `sum without (writer) (...)` adds them up.

    # each run has a file of its own; the file's name is the label
    ./run serve irq-same-cpu --for 8h --metrics-textfile /var/lib/prometheus/node-exporter/nightly.prom
    ./run irqsafe-irq --repeat 1000 --metrics-textfile /var/lib/prometheus/node-exporter/mine.prom
    prometheus-node-exporter --collector.textfile.directory=/var/lib/prometheus/node-exporter

The file is readable for everybody whatever the umask says, because node_exporter runs as a user of its own; its folder must be, too. A
file that is no longer written stays: `node_textfile_mtime_seconds` tells its age; remove it when the run is of no more interest.

    # runs that push at the same time are writer 1, 2, ...; the next run that pushes alone is writer 1 again
    ./run irq-same-cpu --metrics-push http://127.0.0.1:9091
    # shards of a farm name their group themselves: as few names as there are shards, never one for each run
    ./run irq-same-cpu --metrics-push http://127.0.0.1:9091/metrics/job/remapstorm/shard/3

Prometheus scrapes a Pushgateway with `honor_labels: true`, so that `job` and `instance` are those of the group. A group stays
until it is deleted: `curl -X DELETE http://127.0.0.1:9091/metrics/job/remapstorm/shard/3`.
)";

std::string_view type_name(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return "counter";
    case MetricType::gauge:
    case MetricType::highest:
      return "gauge";
    case MetricType::histogram:
      return "histogram";
  }
  return "";
}

std::string bounds_text(std::span<const double> bounds) {
  std::ostringstream text;
  for (const double bound : bounds) text << (text.tellp() > 0 ? ", " : "") << bound;
  return text.str();
}

}  // namespace

std::string metrics_reference() {
  std::ostringstream page;
  page << kIntroduction << "\n## All metrics\n";
  std::set<std::string_view> labels;
  std::map<std::string, std::vector<std::string_view>> bounds;
  for (const MetricInfo& metric : all_metrics()) {
    page << "\n### " << metric.name << "\n\n" << metric.help << "\n\n- " << type_name(metric.type);
    if (metric.labels.empty()) page << ", no labels";
    std::string_view separator = "; labels ";
    for (const std::string_view label : metric.labels) {
      page << separator << '`' << label << '`';
      separator = ", ";
      labels.insert(label);
    }
    page << "\n- from: " << metric.source << '\n';
    if (metric.type == MetricType::histogram) bounds[bounds_text(metric.buckets)].push_back(metric.name);
  }
  page << "\n## Labels\n\n| label | values |\n|---|---|\n";
  for (const std::string_view label : labels) {
    page << "| `" << label << "` | " << label_meaning(label).value_or("") << " |\n";
  }
  page << "\n## Buckets of the histograms\n\nUpper bounds in seconds.\n\n| bounds | histograms |\n|---|---|\n";
  for (const auto& [text, names] : bounds) {
    page << "| " << text << " | ";
    for (const std::string_view name : names) page << (name == names.front() ? "" : ", ") << '`' << name << '`';
    page << " |\n";
  }
  return page.str();
}

}  // namespace remapstorm
