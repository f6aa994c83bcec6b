// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "base/fd.h"
#include "telemetry/metrics/endpoint.h"

namespace remapstorm {
namespace {

constexpr const char* kExample =
    "give 127.0.0.1:9464, or just 9464; [::1]:9464; a name of this machine; :9464 for other machines as well";

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

bool has_ipv6() {
  const Fd fd(::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return fd.valid();
}

// "fe80::1%eth0" without its scope; nothing if there is no such interface.
std::optional<std::string> without_scope(const std::string& host) {
  const std::size_t scope = host.find('%');
  if (scope == std::string::npos) return host;
  if (::if_nametoindex(host.c_str() + scope + 1) == 0) return std::nullopt;
  return host.substr(0, scope);
}

// The first numeric address of a name.
std::optional<std::string> look_up(const std::string& name) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(name.c_str(), nullptr, &hints, &found) != 0) return std::nullopt;
  std::array<char, NI_MAXHOST> numeric{};
  const bool told =
      ::getnameinfo(found->ai_addr, found->ai_addrlen, numeric.data(), numeric.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  ::freeaddrinfo(found);
  if (!told) return std::nullopt;
  return std::string(numeric.data());
}

bool is_name(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](unsigned char one) { return std::isalpha(one) != 0; }) &&
         std::all_of(text.begin(), text.end(), [](unsigned char one) {
           return std::isalnum(one) != 0 || one == '-' || one == '.' || one == '_';
         });
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
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty()) host = has_ipv6() ? "::" : "0.0.0.0";
  if (!bracketed && is_name(host)) {
    const auto found = look_up(host);
    if (!found) return usage_error(text + ": no address is known for " + host, kExample);
    host = *found;
  }
  in_addr four = {};
  in6_addr six = {};
  if (!bracketed && ::inet_pton(AF_INET, host.c_str(), &four) == 1) {
    address.loopback = (ntohl(four.s_addr) >> 24) == 127;
  } else if (bracketed || (host != text.substr(0, colon) && host.find(':') != std::string::npos)) {
    const auto numeric = without_scope(host);
    if (!numeric) return usage_error(text + ": no such interface", kExample);
    if (::inet_pton(AF_INET6, numeric->c_str(), &six) != 1) return usage_error(text + ": no IPv6 address", kExample);
    address.loopback = IN6_IS_ADDR_LOOPBACK(&six);
  } else {
    return usage_error(text + ": no address of this machine in front of the port", kExample);
  }
  address.host = host;
  return address;
}

}  // namespace remapstorm
