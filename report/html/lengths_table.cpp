// SPDX-License-Identifier: Apache-2.0
#include "report/html/parts.h"
#include "report/text.h"

namespace remapstorm {
namespace {

void row(Markup& out, const std::string& name, const LengthHistogram& lengths) {
  out.open("tr").leaf("th", name, {{"scope", "row"}});
  out.leaf("td", std::to_string(lengths.count()));
  const LengthSummary summary = lengths.summary();
  for (const std::string& text : {human_length(summary.min), human_length(summary.p50), percentile_text(summary.p99),
                                  human_length(summary.max)}) {
    out.leaf("td", text);
  }
  out.close();
}

}  // namespace

void write_lengths_table(Markup& out, const TrialPicture& fold) {
  out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Lengths in figures"}});
  out.open("table", {{"class", "figures"}}).leaf("caption", "Lengths in figures: what ended");
  out.open("thead").open("tr");
  for (const char* head : {"what", "count", "shortest", "median", "99 %", "longest"}) {
    out.leaf("th", head, {{"scope", "col"}});
  }
  out.close().close().open("tbody");
  for (const auto& [kind, lengths] : fold.lengths) row(out, std::string(span_kind_name(kind)), lengths.total());
  if (fold.delivery.count() != 0) row(out, "delivery of an interrupt", fold.delivery);
  out.close().close().close();
}

}  // namespace remapstorm
