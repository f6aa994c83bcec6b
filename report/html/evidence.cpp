// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "report/html/parts.h"
#include "report/text.h"
#include "telemetry/symbol_map.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostEdges = 16;
constexpr std::size_t kMostDetail = 60;
constexpr std::size_t kMostExcerpt = 64 << 10;

std::string vcpu(int number) { return "vCPU " + std::to_string(number); }

std::string place(const std::string& symbol, Gva pc, const std::string& caller) {
  return place_or_address(symbol, pc) + (caller.empty() ? "" : ", for " + caller);
}

// Who does what, since where: one card.
void card(Markup& out, std::string_view kind, const std::string& who, const std::string& does, const std::string& what,
          const std::string& where, const std::string& how) {
  out.open("li", {{"class", std::string(kind)}});
  out.open("p", {{"class", "who"}}).leaf("strong", who).text(" " + does + " ").leaf("b", what);
  out.close();
  out.open("p", {{"class", "where"}}).text("since ").leaf("code", where, {}, 300);
  out.close();
  out.leaf("p", how, {{"class", "how"}});
  out.close();
}

void write_cycle(Markup& out, const Finding& finding) {
  const auto& cycle = finding.cycle;
  out.open("ol", {{"class", "cycle"}});
  for (std::size_t i = 0; i < std::min(cycle.size(), kMostEdges); ++i) {
    const WaitEdge& edge = cycle[i];
    card(out, "holds", vcpu(edge.owner_vcpu), std::string(owner_verb(edge)), edge.lock_name,
         place(edge.owner_symbol, edge.owner_pc, edge.owner_caller),
         std::string("in ") + context_name(edge.owner_context) + " context, interrupts " +
             (edge.owner_irqs_off ? "off" : "on") + ", for " + human_length(finding.proven_at - edge.owned_since));
    card(out, "waits", vcpu(edge.waiter_vcpu), "waits for it in",
         context_name(edge.waiter_context) + std::string(" context"),
         place(edge.waiter_symbol, edge.waiter_pc, edge.waiter_caller),
         "for " + human_length(finding.proven_at - edge.waiting_since));
  }
  out.close();
  const bool one_vcpu = std::all_of(cycle.begin(), cycle.end(), [&](const WaitEdge& edge) {
    return edge.waiter_vcpu == cycle.front().waiter_vcpu && edge.owner_vcpu == edge.waiter_vcpu;
  });
  const std::string word = fmt::format("{:#010x}", cycle.front().lock_word);
  out.open("p");
  out.text(one_vcpu ? "The owner cannot go on until the " + std::string(context_name(cycle.front().waiter_context)) +
                          " context above it returns, and that waits for the owner. "
                    : "Each waits for what the next one holds, the last for what the first holds: nobody can go on. ");
  out.text("Lock word ").leaf("code", word).text(" at ").leaf("code", hex_address(cycle.front().lock));
  out.text(" in both looks.");
  out.close();
}

}  // namespace

void write_evidence(Page& page, const Finding& finding) {
  Markup& out = page.body();
  out.leaf("p", finding.summary, {{"class", "lead"}}).raw("\n");
  if (!finding.cycle.empty()) write_cycle(out, finding);
  if (finding.verdict == Verdict::stall) {
    const Nanoseconds own = std::max(finding.length - finding.imposed - finding.starved, Nanoseconds{0});
    page.facts({{"It lasted", human_length(finding.length)},
                {"Imposed by the harness", human_length(finding.imposed)},
                {"A busy host added", human_length(finding.starved)},
                {"The guest's own", human_length(own)}});
  }
  if (!finding.console_excerpt.empty()) {
    out.leaf("h3", "The guest's own report").raw("\n");
    out.open("pre", {{"class", "excerpt"}, {"tabindex", "0"}, {"aria-label", "The guest's own report"}});
    std::size_t at = 0;
    const std::string excerpt = finding.console_excerpt.substr(0, kMostExcerpt);
    while (at < excerpt.size()) {
      const std::size_t end = std::min(excerpt.find('\n', at), excerpt.size());
      out.text(std::string_view(excerpt).substr(at, end - at), 1000).raw("\n");
      at = end + 1;
    }
    out.close();
  }
  if (!finding.detail.empty()) {
    out.open("details").leaf("summary", "The proof in words").open("ul");
    for (std::size_t i = 0; i < std::min(finding.detail.size(), kMostDetail); ++i) {
      out.leaf("li", finding.detail[i], {}, 1000).raw("\n");
    }
    out.close().close();
  }
  if (!finding.fingerprint.empty()) {
    out.open("p", {{"class", "fingerprint"}}).text("Fingerprint ").leaf("code", finding.fingerprint, {}, 600);
    out.close();
  }
}

}  // namespace remapstorm
