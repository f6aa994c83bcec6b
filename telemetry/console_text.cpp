// SPDX-License-Identifier: Apache-2.0
#include "telemetry/console_text.h"

#include <cstddef>

namespace remapstorm {
namespace {

constexpr std::size_t kLongestStamp = 32;  // "[", blanks, seconds, ".", fraction, "]"
constexpr std::size_t kLongestDate = 64;   // of a log daemon, with the name of the host
constexpr char kEscape = '\x1b';

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7f'; }

// How many digits `text` begins with.
std::size_t digits(std::string_view text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  return count;
}

void skip_blank(std::string_view& text) {
  if (text.starts_with(' ')) text.remove_prefix(1);
}

// "[   12.345678]": its length, or 0 if `text` does not begin with one.
std::size_t stamp(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  const std::size_t seconds = digits(text.substr(at));
  at += seconds;
  if (seconds == 0 || at >= text.size() || text[at] != '.') return 0;
  const std::size_t fraction = digits(text.substr(++at));
  at += fraction;
  return fraction != 0 && at < text.size() && text[at] == ']' && at < kLongestStamp ? at + 1 : 0;
}

// "[    T1]" or "[    C0]".
std::size_t caller(std::string_view text) {
  if (!text.starts_with('[')) return 0;
  std::size_t at = 1;
  while (at < text.size() && text[at] == ' ') ++at;
  if (at >= text.size() || (text[at] != 'T' && text[at] != 'C')) return 0;
  const std::size_t number = digits(text.substr(++at));
  at += number;
  return number != 0 && at < text.size() && text[at] == ']' && at < kLongestStamp ? at + 1 : 0;
}

// "<3>": the number is set. Beyond level 7 another facility than the kernel's begins.
std::size_t level(std::string_view text, unsigned& number) {
  if (!text.starts_with('<')) return 0;
  const std::size_t count = digits(text.substr(1));
  if (count == 0 || count > 3 || text.size() < count + 2 || text[count + 1] != '>') return 0;
  number = 0;
  for (const char c : text.substr(1, count)) number = number * 10 + static_cast<unsigned>(c - '0');
  return count + 2;
}

// "4,1234,12345678,-,caller=T1;", perhaps behind the kernel's release ("6.12.0,"), perhaps with a fragment's place.
std::size_t extended(std::string_view text, unsigned& number) {
  const std::size_t end = text.find(';');
  if (end == std::string_view::npos) return 0;
  const std::string_view head = text.substr(0, end);
  std::size_t at = 0;
  const auto field = [&] {
    const std::size_t comma = head.find(',', at);
    const std::string_view one = head.substr(at, comma == std::string_view::npos ? comma : comma - at);
    at = comma == std::string_view::npos ? head.size() : comma + 1;
    return one;
  };
  std::string_view first = field();
  if (first.find('.') != std::string_view::npos && is_digit(first.front())) first = field();  // the release
  const std::string_view sequence = field(), time = field(), flag = field();
  const auto all_digits = [](std::string_view one) { return !one.empty() && digits(one) == one.size(); };
  if (!all_digits(first) || first.size() > 3 || !all_digits(sequence) || !all_digits(time)) return 0;
  if (flag != "-" && flag != "c" && flag != "f" && flag != "+") return 0;
  number = 0;
  for (const char c : first) number = number * 10 + static_cast<unsigned>(c - '0');
  return end + 1;
}

// "Nov 29 11:38:25 host kernel: " or "2026-11-29T11:38:25.123456+00:00 host kernel: ".
std::size_t daemon(std::string_view text) {
  constexpr std::string_view kSays = "kernel: ";
  const std::size_t at = text.substr(0, kLongestDate + kSays.size()).find(kSays);
  if (at == std::string_view::npos) return 0;
  if (at == 0) return kSays.size();
  if (text[at - 1] != ' ') return 0;
  const std::string_view before = text.substr(0, at);
  const bool iso = digits(before) == 4 && before.size() > 10 && before[4] == '-' && before[10] == 'T';
  const bool month =
      before.size() > 15 && before[3] == ' ' && before[6] == ' ' && before[9] == ':' && before[12] == ':';
  return iso || month ? at + kSays.size() : 0;
}

// "** 12 printk messages dropped **"
std::size_t dropped(std::string_view text) {
  if (!text.starts_with("** ")) return 0;
  const std::size_t count = digits(text.substr(3));
  constexpr std::string_view kSays = " printk messages dropped **";
  return count != 0 && text.substr(3 + count).starts_with(kSays) ? 3 + count + kSays.size() : 0;
}

// Behind ESC: the length of the sequence's rest.
std::size_t sequence(std::string_view text) {
  if (text.empty()) return 0;
  std::size_t at = 1;
  if (text[0] == '[') {  // CSI: parameters and intermediates, one final byte
    while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x3f) ++at;
    return at < text.size() && text[at] >= 0x40 && text[at] <= 0x7e ? at + 1 : at;
  }
  if (text[0] == ']' || text[0] == 'P' || text[0] == '_' || text[0] == '^') {  // OSC, DCS, APC, PM: up to BEL or ST
    // One without an end is no sequence: it would hide the rest of the line.
    while (at < text.size() && text[at] != '\a' && text[at] != kEscape) ++at;
    if (at == text.size()) return 1;
    if (text[at] == '\a') return at + 1;
    return at + 1 < text.size() && text[at + 1] == '\\' ? at + 2 : at;
  }
  at = 0;
  while (at < text.size() && text[at] >= 0x20 && text[at] <= 0x2f) ++at;  // intermediates of a short one
  return at < text.size() && text[at] >= 0x30 && text[at] <= 0x7e ? at + 1 : at;
}

}  // namespace

ConsoleText console_text(std::string_view line) {
  ConsoleText result{ConsoleText::From::anybody, line};
  std::string_view& text = result.text;
  const auto take = [&](std::size_t length) {
    if (length == 0) return false;
    text.remove_prefix(length);
    if (result.from == ConsoleText::From::anybody) result.from = ConsoleText::From::kernel;
    skip_blank(text);
    return true;
  };
  // Each once at most, in the order in which they come: what follows the last belongs to the message.
  unsigned number = 0;
  take(dropped(text));
  take(daemon(text));
  if (take(extended(text, number)) || take(level(text, number))) {
    if (number > 7) result.from = ConsoleText::From::program;
  }
  if (take(stamp(text))) {
    take(caller(text));
    take(daemon(text));
  } else if (result.from != ConsoleText::From::anybody) {
    take(caller(text));
  }
  return result;
}

std::string without_escapes(std::string_view line) {
  std::string plain;
  plain.reserve(line.size());
  for (std::size_t at = 0; at < line.size();) {
    const char c = line[at++];
    if (c == kEscape) {
      at += sequence(line.substr(at));
    } else if (!is_control(c) || c == '\t' || c == '\r') {
      plain += c;
    }
  }
  return plain;
}

std::vector<ConsoleText> console_messages(std::string_view line) {
  std::vector<ConsoleText> messages;
  std::size_t begin = 0;
  const auto part = [&](std::size_t end) {
    if (end > begin) messages.push_back(console_text(line.substr(begin, end - begin)));
    begin = end;
  };
  bool in_front = true;  // nothing of a message has come yet
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (line[at] == '\r') {
      part(at);
      begin = at + 1;
      in_front = true;
    } else if (line[at] == '[' && stamp(line.substr(at)) != 0) {
      // A time stamp that is not in front begins a message of its own, with its level if it has one.
      if (!in_front) {
        std::size_t start = at;
        while (start > begin && at - start < 5 && (is_digit(line[start - 1]) || line[start - 1] == '>')) --start;
        unsigned number = 0;
        if (start > begin && line[start - 1] == '<' && level(line.substr(start - 1), number) == at - start + 1) {
          --start;
        } else {
          start = at;
        }
        part(start);
      }
      at += stamp(line.substr(at)) - 1;
      in_front = false;
    } else {
      in_front = false;
    }
  }
  part(line.size());
  return messages;
}

}  // namespace remapstorm
