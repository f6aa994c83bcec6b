// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "report/html/parts.h"
#include "report/text.h"
#include "telemetry/console_text.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostLine = 500;
constexpr std::size_t kOpenAtOnce = 60;  // lines that need no unfolding

void write_line(Markup& out, const ConsoleLine& line, bool guilty) {
  out.open("li", {{"class", guilty ? "guilty" : "plain"}, {"value", std::to_string(line.number)}});
  if (guilty) {
    out.leaf("mark", line.text, {}, kMostLine);
  } else {
    out.text(line.text, kMostLine);
  }
  out.close();
}

}  // namespace

std::vector<std::string> guilty_lines(const std::vector<Finding>& findings) {
  std::vector<std::string> lines;
  for (const Finding& finding : findings) {
    std::string_view rest = finding.console_excerpt;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (end != 0) lines.emplace_back(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  return lines;
}

void write_console(Markup& out, const ConsoleFold& console, const std::vector<std::string>& guilty) {
  const std::vector<ConsoleLine> lines = console.lines();
  if (lines.empty()) {
    out.leaf("p", "The guest wrote nothing on its console in this trial.");
    return;
  }
  const std::set<std::string, std::less<>> wanted(guilty.begin(), guilty.end());
  const auto is_guilty = [&](const ConsoleLine& line) {
    const std::string plain = without_escapes(line.text);
    const std::vector<ConsoleText> messages = console_messages(plain);
    return std::any_of(messages.begin(), messages.end(),
                       [&](const ConsoleText& message) { return wanted.contains(message.text); });
  };
  const auto marked = std::count_if(lines.begin(), lines.end(), is_guilty);
  std::string words = counted(console.count(), "line");
  words += marked != 0
               ? "; " + counted(static_cast<std::uint64_t>(marked), "line") + " of the guest's own report marked"
               : "; the guest reported nothing";
  const bool folded = lines.size() > kOpenAtOnce && marked == 0;
  if (folded) out.open("details").leaf("summary", words);
  if (!folded) out.leaf("p", words, {{"class", "state"}}).raw("\n");
  out.open("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Guest console"}});
  out.open("ol", {{"class", "console"}});
  std::uint64_t next = 1;
  for (const ConsoleLine& line : lines) {
    if (line.number != next) {
      out.leaf("li", counted(line.number - next, "line") + " left out; console.log has them", {{"class", "gap"}});
    }
    write_line(out, line, is_guilty(line));
    next = line.number + 1;
  }
  out.close().close();
  if (folded) out.close();
}

}  // namespace remapstorm
