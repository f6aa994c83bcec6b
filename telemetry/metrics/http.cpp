// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/http.h"

#include <algorithm>

namespace remapstorm {
namespace {

std::string response(std::string_view status, std::string_view type, std::string_view body, bool with_body,
                     std::string_view more = {}) {
  std::string text = "HTTP/1.1 ";
  text += status;
  text += "\r\nContent-Type: ";
  text += type;
  text += "\r\nContent-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n";
  text += more;
  text += "\r\n";
  if (with_body) text += body;
  return text;
}

std::string refusal(std::string_view status, std::string_view more = {}) {
  return response(status, "text/plain; charset=utf-8", std::string(status) + "\n", true, more);
}

bool is_token(std::string_view text) {
  return !text.empty() && text.size() <= 16 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

}  // namespace

std::optional<std::string> http_answer(std::string_view received, const std::function<std::string()>& metrics) {
  const std::size_t line_end = received.find('\n');
  if (line_end == std::string_view::npos) {
    return received.size() < kLongestRequest ? std::nullopt : std::optional(refusal("414 URI Too Long"));
  }
  std::string_view line = received.substr(0, line_end);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  const std::size_t first = line.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos || !is_token(line.substr(0, first)) ||
      !line.substr(second + 1).starts_with("HTTP/1.")) {
    return refusal("400 Bad Request");
  }
  // Bytes behind the headers, a body, are not waited for.
  const bool whole =
      received.find("\r\n\r\n") != std::string_view::npos || received.find("\n\n") != std::string_view::npos;
  if (!whole) {
    if (received.size() < kLongestRequest) return std::nullopt;
    return refusal("431 Request Header Fields Too Large");
  }
  const std::string_view method = line.substr(0, first);
  if (method != "GET" && method != "HEAD") return refusal("405 Method Not Allowed", "Allow: GET, HEAD\r\n");
  std::string_view path = line.substr(first + 1, second - first - 1);
  path = path.substr(0, path.find('?'));
  if (path == "/") return response("200 OK", "text/plain; charset=utf-8", "remapstorm: /metrics\n", method == "GET");
  if (path != "/metrics") return refusal("404 Not Found");
  return response("200 OK", "text/plain; version=0.0.4; charset=utf-8", metrics(), method == "GET");
}

}  // namespace remapstorm
