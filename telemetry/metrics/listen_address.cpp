// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <charconv>
#include <optional>

#include "telemetry/metrics/endpoint.h"

namespace remapstorm {
namespace {

constexpr const char* kExample =
    "give 127.0.0.1:9464, or just 9464; [::1]:9464; 0.0.0.0:9464 for other machines as well";

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

Result<ListenAddress> parse_listen_address(const std::string& text) {
  ListenAddress address;
  const std::size_t colon = text.rfind(':');
  const auto port = port_of(std::string_view(text).substr(colon == std::string::npos ? 0 : colon + 1));
  if (!port) return usage_error(text + ": no port from 0 to 65535 at its end", kExample);
  address.port = *port;
  std::string host = colon == std::string::npos ? "127.0.0.1" : text.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  in_addr four = {};
  in6_addr six = {};
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (::inet_pton(AF_INET6, host.c_str(), &six) != 1) return usage_error(text + ": no IPv6 address", kExample);
    address.loopback = IN6_IS_ADDR_LOOPBACK(&six);
  } else if (::inet_pton(AF_INET, host.c_str(), &four) == 1) {
    address.loopback = (ntohl(four.s_addr) >> 24) == 127;
  } else {
    return usage_error(text + ": no address of this machine in front of the port", kExample);
  }
  address.host = host;
  return address;
}

}  // namespace remapstorm
