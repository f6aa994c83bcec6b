// SPDX-License-Identifier: Apache-2.0
#include "cli/report_choice.h"

#include <algorithm>

namespace remapstorm {
namespace {

// Narrower, words of ours do not fit; wider, nobody reads.
constexpr unsigned kNarrowest = 40, kWidest = 240;

}  // namespace

TerminalStyle style_of(const CommandContext& context) {
  const auto value = [&](const char* name) { return context.environment(name); };
  const auto no_color = value("NO_COLOR");
  const auto lc_all = value("LC_ALL");
  const auto lc_ctype = value("LC_CTYPE");
  const auto lang = value("LANG");
  const auto text = [](const std::optional<std::string>& given) { return given ? given->c_str() : nullptr; };
  TerminalStyle style = terminal_style(text(no_color), text(lc_all), text(lc_ctype), text(lang));
  style.colour = style.colour && context.out_is_terminal;
  if (context.columns != 0) style.width = std::clamp(context.columns, kNarrowest, kWidest);
  return style;
}

std::unique_ptr<Report> make_report(const CommandContext& context, OutputFormat format, Volume volume) {
  if (format == OutputFormat::ktap) return make_ktap_report(context.out);
  if (format == OutputFormat::json) return make_json_report(context.out);
  TerminalStyle style = style_of(context);
  style.quiet = volume == Volume::quiet;
  style.verbose = volume == Volume::verbose;
  return make_terminal_report(context.out, style);
}

}  // namespace remapstorm
