// SPDX-License-Identifier: Apache-2.0
#include "report/census.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/plural.h"
#include "report/plain_lines.h"
#include "report/text.h"
#include "results/certificate.h"
#include "telemetry/json_fields.h"

namespace remapstorm {
namespace {

constexpr int kCensusSchema = 1;

std::string kind_of(const CensusRow& row) { return row.kind ? std::string(access_name(*row.kind)) : "unknown"; }

void table(const Census& census, bool in_window, PlainLines& out) {
  constexpr std::size_t kPlace = 32, kKind = 11, kContext = 9;
  bool any = false;
  for (const CensusRow& row : census.rows) {
    if (row.in_window != in_window) continue;
    if (!any) {
      out.add("  " + pad("instruction", kPlace) + pad("access", kKind) + pad("context", kContext) + "IRQs    count");
    }
    any = true;
    std::string place = place_of(row.symbol, row.offset, row.pc);
    if (place.size() >= kPlace) {
      out.add("  " + place);
      place.clear();
    }
    out.add("  " + pad(place, kPlace) + pad(kind_of(row), kKind) + pad(row.context, kContext) +
            (row.interrupts_on ? "on " : "off") + fmt::format("{:9}", row.count) + (row.alias ? " *" : ""));
    if (!row.caller.empty()) out.add("    called by " + row.caller);
  }
  if (!any) out.add("  nobody");
  out.add();
}

}  // namespace

std::string census_text(const Census& census) {
  PlainLines out;
  out.wrapped("", "remapstorm census: window " + census.window + ", strategy " + census.strategy);
  out.add();
  out.wrapped("", "Who touched the vmemmap pages under remap in " + plural(census.windows, "window") + ": " +
                      std::to_string(census.steps) + " instructions of the vCPUs in them, " +
                      plural(census.injections, "interrupt") + " raised on an idle vCPU." +
                      (census.stood_still ? " Then the guest stood still." : "") +
                      (census.interrupted ? " The census was interrupted." : ""));
  out.add();
  out.add("The vCPU in the window (every operand in memory of every step):");
  table(census, true, out);
  if (std::any_of(census.rows.begin(), census.rows.end(), [](const CensusRow& row) { return row.alias; })) {
    out.add("  * through another mapping of the page, such as the direct map");
    out.add();
  }
  out.add("Other vCPUs (by the faults they took):");
  table(census, false, out);
  if (census.unresolved != 0) {
    out.wrapped("", plural(census.unresolved, "operand") + " had addresses that could not be computed.");
    out.add();
  }
  const auto field = [&](const char* name, const std::string& value) { out.wrapped(pad(name, 9), value); };
  std::string workloads;
  for (const std::string& one : census.workloads) workloads += (workloads.empty() ? "" : "; ") + one;
  field("Window", census.window_opens + " .. " + census.window_closes);
  field("Guest", "Linux " + census.guest.kernel_version + ", flavour " + census.flavour + ", " +
                     plural(census.cpus, "vCPU") + "; " + workloads);
  field("series", "sha256 " + census.guest.series_sha256.substr(0, 32) + "...");
  field("Host", census.host.kind + ": " + census.host.cpu + ", " + census.host.architecture);
  field("Harness", "remapstorm " + census.harness + ", build " + census.harness_build);
  out.add_whole(pad("Again", 9) + census.repeat);  // to be pasted: one line
  out.add();
  out.add("Not seen:");
  for (const std::string& line : not_seen(census)) out.wrapped("  - ", line);
  return out.text();
}

std::string census_json(const Census& census) {
  Json rows = Json::array();
  for (const CensusRow& row : census.rows) {
    rows.push_back({{"pc", hex(row.pc.value)},
                    {"symbol", row.symbol},
                    {"offset", row.offset},
                    {"text", row.text},
                    {"access", kind_of(row)},
                    {"context", row.context},
                    {"interrupts_on", row.interrupts_on},
                    {"by", row.in_window ? "vcpu-in-window" : "other-vcpu"},
                    {"caller", row.caller},
                    {"through", row.alias ? "other-mapping" : "vmemmap"},
                    {"count", row.count}});
  }
  const Json json = {{"schema", kCensusSchema},
                     {"window", census.window},
                     {"window_opens", census.window_opens},
                     {"window_closes", census.window_closes},
                     {"strategy", census.strategy},
                     {"flavour", census.flavour},
                     {"host", {{"kind", census.host.kind}, {"architecture", census.host.architecture}}},
                     {"guest",
                      {{"kernel_version", census.guest.kernel_version},
                       {"hash", census.guest.hash},
                       {"vmlinux_sha256", census.guest.vmlinux_sha256},
                       {"config_sha256", census.guest.config_sha256},
                       {"series_sha256", census.guest.series_sha256},
                       {"cpus", census.cpus},
                       {"workloads", census.workloads}}},
                     {"harness", {{"version", census.harness}, {"build", census.harness_build}}},
                     {"made_at", census.made_at},
                     {"repeat", census.repeat},
                     {"interrupted", census.interrupted},
                     {"stood_still", census.stood_still},
                     {"windows", census.windows},
                     {"steps", census.steps},
                     {"injections", census.injections},
                     {"unresolved", census.unresolved},
                     {"not_seen", not_seen(census)},
                     {"touches", std::move(rows)}};
  return to_line(json, 1) + "\n";
}

}  // namespace remapstorm
