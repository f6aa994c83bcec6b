// SPDX-License-Identifier: Apache-2.0
// What all pages share: head, skip link, navigation, foot, and the small blocks they are built of. No script, no inline
// style: they work under "default-src 'none'; style-src 'self'; img-src 'self'".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "report/html/markup.h"
#include "report/html/svg.h"
#include "telemetry/finding.h"

namespace remapstorm {

// A file of the report, relative to its folder.
struct PageFile {
  std::string name;
  std::string content;
};

// The text of style.css, compiled in.
std::string_view style_sheet();

// "bad", "good", "warn", "calm": the class of a verdict's colour. A verdict as expected is still what it is.
std::string_view verdict_class(std::optional<Verdict> verdict);
// "DEADLOCK (proven)", "CLEAN", "NOT RUN".
std::string verdict_words(std::optional<Verdict> verdict);

class Page {
 public:
  struct Link {
    std::string href, label;
  };
  // `home`: way from this page to the top folder of the report, "" or "../../".
  Page(const std::string& title, const std::string& home, const std::vector<Link>& trail);

  Markup& body() { return out_; }
  // The heading of the page with a badge beside it.
  void headline(const std::string& title, const std::string& badge, std::string_view tone, const std::string& sentence);
  // A part with a heading of its own and a place in the contents, until end_section().
  void section(const std::string& id, const std::string& title);
  void end_section();
  void contents(const std::vector<Link>& links);
  void facts(const std::vector<std::pair<std::string, std::string>>& facts);
  // A list of sentences that must not be overlooked; nothing if there are none.
  void warnings(const std::string& title, const std::vector<std::string>& sentences);
  void command(const std::string& line);
  void paragraph(const std::string& text, std::string_view kind = {});
  // `file`: without Look::suffix() and ".svg".
  void picture(const std::string& file, const std::string& alt, const std::string& caption);
  void end_with(const std::string& foot);
  [[nodiscard]] std::string take() { return out_.take(); }

 private:
  Markup out_;
};

// A table whose rows become cards on a narrow screen. Each cell is written by its own function, so that it may hold
// links and badges.
class RowTable {
 public:
  using Cell = std::function<void(Markup&)>;
  RowTable(Markup& out, const std::string& caption, std::vector<std::string> heads);
  void row(const std::vector<Cell>& cells, std::string_view tone = {});
  void end();
  static Cell text(std::string content, std::size_t most = 300);
  static Cell code(std::string content, std::size_t most = 300);
  // Plain text if `href` is empty.
  static Cell link(std::string href, std::string label);
  static Cell badge(std::optional<Verdict> verdict);

 private:
  Markup& out_;
  std::vector<std::string> heads_;
};

// All looks of a picture, as files named as picture() expects.
void add_picture(std::vector<PageFile>& files, const std::string& file, const std::function<std::string(Look)>& draw);

// "1 trial", "3 trials".
std::string counted(std::uint64_t count, const std::string& one);
// "2026-11-23 05:31 UTC" of RFC 3339; as it is if it is none.
std::string readable_time(const std::string& rfc3339);

}  // namespace remapstorm
