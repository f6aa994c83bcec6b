// SPDX-License-Identifier: Apache-2.0
// MetricsEndpoint: answers scrapes on a TCP port. One thread that waits for no client: any number of them may stall or
// send rubbish. It is not prometheus-cpp's Exposer, where each connection that stalls occupies a thread, Debian's build
// of which has no IPv6, and which cannot say why a port is not to be had.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"

namespace remapstorm {

struct ListenAddress {
  std::string host;  // numeric, IPv4 or IPv6 without brackets, that with its scope: "fe80::1%eth0"
  std::uint16_t port = 0;
  bool loopback = true;
};
// "127.0.0.1:9464", "[::1]:9464", "[fe80::1%eth0]:9464", "9464" (of the loopback), ":9464" (every address of this
// machine, as with Prometheus), "NAME:9464" (the first address that is found for it). Error: usage.
Result<ListenAddress> parse_listen_address(const std::string& text);

class MetricsEndpoint {
 public:
  // Answers until destroyed. `metrics`: called in the endpoint's thread. Errors: host (the port is taken, the address
  // is none of this machine).
  static Result<std::unique_ptr<MetricsEndpoint>> open(const ListenAddress& address,
                                                       std::function<std::string()> metrics);
  ~MetricsEndpoint();
  MetricsEndpoint(const MetricsEndpoint&) = delete;
  MetricsEndpoint& operator=(const MetricsEndpoint&) = delete;

  // "http://127.0.0.1:40123/metrics": with the port that port 0 became.
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  class Server;
  explicit MetricsEndpoint(std::unique_ptr<Server> server);

  std::string url_;
  std::unique_ptr<Server> server_;
};

}  // namespace remapstorm
