// SPDX-License-Identifier: Apache-2.0
#include "report/html/page.h"

#include <algorithm>
#include <cctype>

namespace remapstorm {

std::string_view verdict_class(std::optional<Verdict> verdict) {
  if (!verdict) return "calm";
  switch (*verdict) {
    case Verdict::clean:
      return "good";
    case Verdict::stall:
      return "warn";
    case Verdict::deadlock:
    case Verdict::oops:
    case Verdict::lockdep:
    case Verdict::bug:
    case Verdict::lost_update:
    case Verdict::hang:
      return "bad";
    case Verdict::timeout:
    case Verdict::error:
      return "calm";
  }
  return "calm";
}

std::string verdict_words(std::optional<Verdict> verdict) {
  if (!verdict) return "NOT RUN";
  std::string words(verdict_name(*verdict));
  std::transform(words.begin(), words.end(), words.begin(), [](unsigned char c) { return std::toupper(c); });
  return *verdict == Verdict::deadlock ? words + " (proven)" : words;
}

Page::Page(const std::string& title, const std::string& home, const std::vector<Link>& trail) {
  out_.raw("<!DOCTYPE html>\n");
  out_.open("html", {{"lang", "en"}});
  out_.open("head");
  out_.empty("meta", {{"charset", "utf-8"}});
  out_.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  out_.empty("meta", {{"name", "color-scheme"}, {"content", "light dark"}});
  out_.leaf("title", title + " - remapstorm", {}, 300).raw("\n");
  out_.empty("link", {{"rel", "stylesheet"}, {"href", home + "style.css"}});
  out_.close();
  out_.open("body");
  out_.leaf("a", "Skip to the result", {{"class", "skip"}, {"href", "#result"}}).raw("\n");
  out_.open("header", {{"class", "top"}});
  out_.leaf("span", "remapstorm", {{"class", "brand"}});
  if (!trail.empty()) {
    out_.open("nav", {{"aria-label", "Where this is"}});
    for (const Link& link : trail) out_.leaf("a", link.label, {{"href", link.href}}, 120).raw("\n");
    out_.close();
  }
  out_.close();
  out_.open("main", {{"id", "result"}, {"tabindex", "-1"}});
}

void Page::headline(const std::string& title, const std::string& badge, std::string_view tone,
                    const std::string& sentence) {
  out_.open("div", {{"class", "headline " + std::string(tone)}});
  out_.leaf("h1", title, {}, 200).raw("\n");
  out_.open("p", {{"class", "verdict"}});
  out_.leaf("strong", badge, {{"class", "badge"}}).raw(" ");
  out_.leaf("span", sentence, {{"class", "sentence"}});
  out_.close();
  out_.close();
}

void Page::section(const std::string& id, const std::string& title) {
  out_.open("section", {{"id", id}, {"aria-labelledby", id + "-title"}});
  out_.leaf("h2", title, {{"id", id + "-title"}}).raw("\n");
}

void Page::end_section() { out_.close(); }

void Page::contents(const std::vector<Link>& links) {
  out_.open("nav", {{"class", "contents"}, {"aria-label", "On this page"}}).open("ul");
  for (const Link& link : links) {
    out_.open("li").leaf("a", link.label, {{"href", link.href}});
    out_.close();
  }
  out_.close().close();
}

void Page::facts(const std::vector<std::pair<std::string, std::string>>& facts) {
  out_.open("dl", {{"class", "facts"}});
  for (const auto& [name, value] : facts) {
    if (value.empty()) continue;
    out_.open("div").leaf("dt", name).leaf("dd", value, {}, 400);
    out_.close();
  }
  out_.close();
}

void Page::warnings(const std::string& title, const std::vector<std::string>& sentences) {
  if (sentences.empty()) return;
  out_.open("div", {{"class", "warning"}, {"role", "note"}});
  out_.leaf("p", title, {{"class", "warning-title"}});
  out_.open("ul");
  std::size_t shown = 0;
  for (const std::string& sentence : sentences) {
    if (++shown > 20) break;
    out_.leaf("li", sentence, {}, 2000).raw("\n");
  }
  if (sentences.size() > 20) out_.leaf("li", "and " + std::to_string(sentences.size() - 20) + " more");
  out_.close().close();
}

void Page::command(const std::string& line) {
  out_.open("pre", {{"class", "command"}, {"tabindex", "0"}, {"aria-label", "Command"}});
  out_.leaf("code", line);
  out_.close();
}

void Page::paragraph(const std::string& text, std::string_view kind) {
  if (kind.empty()) {
    out_.leaf("p", text).raw("\n");
  } else {
    out_.leaf("p", text, {{"class", std::string(kind)}}).raw("\n");
  }
}

void Page::picture(const std::string& file, const std::string& alt, const std::string& caption) {
  const auto source = [&](Look look) { return file + std::string(look.suffix()) + ".svg"; };
  out_.open("figure").open("picture");
  out_.empty("source",
             {{"media", "(max-width: 640px) and (prefers-color-scheme: dark)"}, {"srcset", source({true, true})}});
  out_.empty("source", {{"media", "(max-width: 640px)"}, {"srcset", source({true, false})}});
  out_.empty("source", {{"media", "(prefers-color-scheme: dark)"}, {"srcset", source({false, true})}});
  out_.empty("img", {{"src", source({false, false})}, {"alt", alt}});
  out_.close();
  out_.leaf("figcaption", caption);
  out_.close();
}

void Page::end_with(const std::string& foot) {
  out_.close();
  out_.open("footer").leaf("p", foot);
  out_.close();
}

RowTable::RowTable(Markup& out, const std::string& caption, std::vector<std::string> heads)
    : out_(out), heads_(std::move(heads)) {
  out_.open("table", {{"class", "rows"}}).leaf("caption", caption);
  out_.open("thead").open("tr");
  for (const std::string& head : heads_) out_.leaf("th", head, {{"scope", "col"}});
  out_.close().close().open("tbody");
}

void RowTable::row(const std::vector<Cell>& cells, std::string_view tone) {
  out_.open("tr", {{"class", std::string(tone.empty() ? "plain" : tone)}});
  for (std::size_t i = 0; i < cells.size() && i < heads_.size(); ++i) {
    out_.open("td", {{"data-label", heads_[i]}});
    cells[i](out_);
    out_.close();
  }
  out_.close();
}

void RowTable::end() { out_.close().close(); }

RowTable::Cell RowTable::text(std::string content, std::size_t most) {
  return [content = std::move(content), most](Markup& out) { out.text(content, most); };
}

RowTable::Cell RowTable::code(std::string content, std::size_t most) {
  return [content = std::move(content), most](Markup& out) {
    if (!content.empty()) out.leaf("code", content, {}, most);
  };
}

RowTable::Cell RowTable::link(std::string href, std::string label) {
  return [href = std::move(href), label = std::move(label)](Markup& out) {
    if (href.empty()) {
      out.text(label, 200);
    } else {
      out.leaf("a", label, {{"href", href}}, 200);
    }
  };
}

RowTable::Cell RowTable::badge(std::optional<Verdict> verdict) {
  return [verdict](Markup& out) {
    const std::string words = verdict ? std::string(verdict_name(*verdict)) : "not run";
    out.leaf("strong", words, {{"class", "badge " + std::string(verdict_class(verdict))}});
  };
}

void add_picture(std::vector<PageFile>& files, const std::string& file, const std::function<std::string(Look)>& draw) {
  for (const Look look : kLooks) files.push_back({file + std::string(look.suffix()) + ".svg", draw(look)});
}

std::string counted(std::uint64_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

std::string readable_time(const std::string& rfc3339) {
  if (rfc3339.size() != 20 || rfc3339[10] != 'T' || rfc3339[19] != 'Z') return rfc3339;
  return rfc3339.substr(0, 10) + " " + rfc3339.substr(11, 5) + " UTC";
}

}  // namespace remapstorm
