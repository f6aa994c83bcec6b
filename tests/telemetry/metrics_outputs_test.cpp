// SPDX-License-Identifier: Apache-2.0
// The ways out of metrics, on this machine's loopback.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>

#include "base/fd.h"
#include "telemetry/metrics/http.h"
#include "telemetry/metrics/outputs.h"
#include "telemetry/metrics/push.h"
#include "tests/base/temporary_folder.h"
#include "tests/telemetry/metrics_fixture.h"

namespace remapstorm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

std::string answer(const std::string& request) {
  return http_answer(request, [] { return std::string("the metrics\n"); }).value_or("more");
}

TEST(HttpAnswer, WaitsForAWholeRequest) {
  const std::string request = "GET /metrics?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (std::size_t size = 0; size < request.size(); ++size) EXPECT_EQ(answer(request.substr(0, size)), "more") << size;
  const std::string got = answer(request);
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n")) << got;
  EXPECT_NE(got.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos);
  EXPECT_NE(got.find("Content-Length: 12\r\n"), std::string::npos);
  EXPECT_TRUE(got.ends_with("\r\n\r\nthe metrics\n")) << got;
}

TEST(HttpAnswer, RefusesEverythingElse) {
  EXPECT_TRUE(answer("HEAD /metrics HTTP/1.0\n\n").ends_with("Connection: close\r\n\r\n"));
  EXPECT_TRUE(answer("POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405 "));
  EXPECT_TRUE(answer("GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(answer("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(answer("\x16\x03\x01\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(answer("GET\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(answer("GET /metrics\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(answer("GET /metrics GOPHER/1.0\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(answer(" /metrics HTTP/1.1\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(answer(std::string(kLongestRequest, 'x')).starts_with("HTTP/1.1 414 "));
  EXPECT_TRUE(answer("GET / HTTP/1.1\r\n" + std::string(kLongestRequest, 'x')).starts_with("HTTP/1.1 431 "));
}

TEST(ListenAddress, OfTheLoopbackUnlessWrittenOut) {
  const auto parsed = [](const std::string& text) {
    const Result<ListenAddress> address = parse_listen_address(text);
    if (!address.ok()) return "error: " + address.error().message;
    return address->host + " " + std::to_string(address->port) + (address->loopback ? " loopback" : "");
  };
  EXPECT_EQ(parsed("127.0.0.1:9464"), "127.0.0.1 9464 loopback");
  EXPECT_EQ(parsed("9464"), "127.0.0.1 9464 loopback");
  EXPECT_EQ(parsed("localhost:0"), "127.0.0.1 0 loopback");
  EXPECT_EQ(parsed("[::1]:9464"), "::1 9464 loopback");
  EXPECT_EQ(parsed("0.0.0.0:9464"), "0.0.0.0 9464");
  EXPECT_EQ(parsed("[::]:9464"), ":: 9464");
  const std::string all = parsed(":9464");
  EXPECT_TRUE(all == ":: 9464" || all == "0.0.0.0 9464") << "as Prometheus means it: " << all;
  EXPECT_EQ(parsed("[fe80::1%lo]:9464"), "fe80::1%lo 9464");
  EXPECT_EQ(parsed("[::1%lo]:9464"), "::1%lo 9464 loopback");
  for (const char* bad : {"[fe80::1%no-such-interface]:1", "no-such-host.invalid:9464", "-:1", "", "127.0.0.1",
                          "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:http", "example.org:9464",
                          "::1:9464", "[127.0.0.1]:1", "[]:1", "1 2:3"}) {
    EXPECT_TRUE(parsed(bad).starts_with("error: ")) << bad << " " << parsed(bad);
  }
}

// A client of the endpoint.
class Client {
 public:
  explicit Client(const MetricsEndpoint& endpoint)
      : Client(port_of(endpoint.url()), endpoint.url().find('[') != std::string::npos) {}
  static std::uint16_t port_of(const std::string& url) {
    return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  Client(std::uint16_t port, bool six) : fd_(::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{10, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in four = {};
    four.sin_family = AF_INET;
    four.sin_port = htons(port);
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    sockaddr_in6 address6 = {};
    address6.sin6_family = AF_INET6;
    address6.sin6_port = htons(port);
    address6.sin6_addr = in6addr_loopback;
    connected_ = (six ? ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address6), sizeof(address6))
                      : ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&four), sizeof(four))) == 0;
  }
  [[nodiscard]] bool connected() const { return connected_; }
  void send(const std::string& text) const { ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL); }
  [[nodiscard]] std::string receive() const {
    std::string all;
    char buffer[4096];
    for (;;) {
      const ssize_t count = ::recv(fd_.get(), buffer, sizeof(buffer), 0);
      if (count <= 0) return all;
      all.append(buffer, static_cast<std::size_t>(count));
    }
  }
  [[nodiscard]] std::string get() const {
    send("GET /metrics HTTP/1.1\r\n\r\n");
    return receive();
  }

 private:
  Fd fd_;
  bool connected_ = false;
};

Result<std::unique_ptr<MetricsEndpoint>> open_endpoint(
    const std::string& address, std::function<std::string()> metrics = [] { return "m\n"; }) {
  RS_ASSIGN(const ListenAddress parsed, parse_listen_address(address));
  return MetricsEndpoint::open(parsed, std::move(metrics));
}

TEST(MetricsEndpoint, AnswersOnAPortItChose) {
  const auto endpoint = open_endpoint("127.0.0.1:0");
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_NE((*endpoint)->url(), "http://127.0.0.1:0/metrics");
  EXPECT_TRUE(Client(**endpoint).get().ends_with("\r\n\r\nm\n"));
}

TEST(MetricsEndpoint, AnswersOnIPv6) {
  const auto endpoint = open_endpoint("[::1]:0");
  ASSERT_TRUE(endpoint.ok()) << endpoint.error().message;
  EXPECT_TRUE((*endpoint)->url().starts_with("http://[::1]:")) << (*endpoint)->url();
  EXPECT_TRUE(Client(**endpoint).get().ends_with("\r\n\r\nm\n"));
}

TEST(MetricsEndpoint, APortThatIsTakenIsNamed) {
  const auto first = open_endpoint("127.0.0.1:0");
  ASSERT_TRUE(first.ok());
  const std::string port = std::to_string(Client::port_of((*first)->url()));
  const auto second = open_endpoint("127.0.0.1:" + port);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::host);
  EXPECT_EQ(second.error().message, "cannot listen on 127.0.0.1:" + port + ": Address already in use");
  EXPECT_FALSE(second.error().hint.empty());
  EXPECT_FALSE(open_endpoint("192.0.2.1:0").ok());  // documentation's: none of ours
}

TEST(MetricsEndpoint, AnswersAmidClientsThatStallOrSendRubbish) {
  // Too long to fit into the buffers of a socket whose client does not read.
  const std::string body(4 << 20, 'x');
  const auto endpoint = open_endpoint("127.0.0.1:0", [&] { return body; });
  ASSERT_TRUE(endpoint.ok());
  std::vector<Client> others;
  const std::string requests[] = {"", "GET /met", "\x00\xff\n rubbish", "GET /metrics HTTP/1.1\r\n\r\n"};
  for (int i = 0; i < 300; ++i) {
    others.emplace_back(**endpoint);
    ASSERT_TRUE(others.back().connected());
    others.back().send(requests[i % 4]);
  }
  const auto began = steady_clock::now();
  const std::string got = Client(**endpoint).get();
  EXPECT_LT(steady_clock::now() - began, seconds(3));
  EXPECT_EQ(got.size() - got.find("\r\n\r\n") - 4, body.size());
}

TEST(MetricsEndpoint, GivesUpAClientThatSendsNothing) {
  const auto endpoint = open_endpoint("127.0.0.1:0");
  ASSERT_TRUE(endpoint.ok());
  const auto began = steady_clock::now();
  const Client silent(**endpoint);
  EXPECT_EQ(silent.receive(), "");
  EXPECT_GT(steady_clock::now() - began, seconds(3));
  EXPECT_LT(steady_clock::now() - began, seconds(9));
}

TEST(MetricsEndpoint, EndsAtOnceWithClientsConnected) {
  auto endpoint = open_endpoint("127.0.0.1:0");
  ASSERT_TRUE(endpoint.ok());
  const std::uint16_t port = Client::port_of((*endpoint)->url());
  const Client silent(**endpoint);
  ASSERT_TRUE(silent.connected());
  const auto began = steady_clock::now();
  endpoint->reset();
  EXPECT_LT(steady_clock::now() - began, seconds(1));
  EXPECT_FALSE(Client(port, false).connected());
}

TEST(MetricsEndpoint, AnswersOnEveryAddressAndByName) {
  for (const char* address : {":0", "ip6-localhost:0", "localhost:0", "[::1%lo]:0"}) {
    const auto endpoint = open_endpoint(address);
    if (!endpoint.ok() && std::string(address).starts_with("ip6-")) continue;  // the machine may not know this name
    ASSERT_TRUE(endpoint.ok()) << address << ": " << endpoint.error().message;
    EXPECT_TRUE(Client(**endpoint).get().ends_with("\r\n\r\nm\n")) << address;
  }
}

TEST(PushTarget, NamesAGroup) {
  const auto target = [](const std::string& url) {
    const Result<std::string> result = push_target(url, "host/1");
    return result.ok() ? *result : "error: " + result.error().message;
  };
  EXPECT_EQ(target("http://127.0.0.1:9091"), "http://127.0.0.1:9091/metrics/job/remapstorm/instance/host_1");
  EXPECT_EQ(target("https://gateway/prefix/"), "https://gateway/prefix/metrics/job/remapstorm/instance/host_1");
  EXPECT_EQ(target("http://[::1]:9091/metrics/job/mine/shard/3"), "http://[::1]:9091/metrics/job/mine/shard/3");
  for (const char* bad :
       {"", "127.0.0.1:9091", "http://", "http:///metrics", "ftp://host", "file:///etc/passwd", "http://ho st/"}) {
    EXPECT_TRUE(target(bad).starts_with("error: ")) << bad;
  }
}

// A port on which nobody answers: connections are taken by the kernel, and nobody reads them.
class SilentPort {
 public:
  SilentPort() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(fd_.get(), 8), 0);
    EXPECT_EQ(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  [[nodiscard]] const std::string& url() const { return url_; }

 private:
  Fd fd_;
  std::string url_;
};

TEST(PushMetrics, EndsInTimeWhateverTheGatewayDoes) {
  const std::atomic<bool> never{false};
  const SilentPort silent;
  const auto began = steady_clock::now();
  const Status slow = push_metrics(silent.url() + "/metrics/job/x", "a 1\n", milliseconds(300), never);
  ASSERT_FALSE(slow.ok());
  EXPECT_LT(steady_clock::now() - began, seconds(2));
  EXPECT_NE(slow.error().message.find(silent.url()), std::string::npos) << slow.error().message;

  std::string closed;
  { closed = SilentPort().url(); }
  const Status refused = push_metrics(closed + "/metrics/job/x", "a 1\n", seconds(5), never);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::host);
}

TEST(PushMetrics, StopsSoonWhenAsked) {
  const SilentPort silent;
  std::atomic<bool> stop{false};
  std::thread stopper([&] {
    std::this_thread::sleep_for(milliseconds(200));
    stop = true;
  });
  const auto began = steady_clock::now();
  EXPECT_FALSE(push_metrics(silent.url() + "/metrics/job/x", "a 1\n", seconds(30), stop).ok());
  EXPECT_LT(steady_clock::now() - began, seconds(5));
  stopper.join();
}

TEST(PushMetrics, TellsWhatItWasAnsweredAndHidesPasswords) {
  const auto endpoint = open_endpoint("127.0.0.1:0");  // which takes no PUT
  ASSERT_TRUE(endpoint.ok());
  const std::atomic<bool> never{false};
  const std::string port = std::to_string(Client::port_of((*endpoint)->url()));
  const Status refused = push_metrics("http://me:secret@127.0.0.1:" + port + "/metrics", "a 1\n", seconds(5), never);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message,
            "http://127.0.0.1:" + port + "/metrics refused the metrics with status 405: 405 Method Not Allowed ");
}

TEST(MetricsOutputs, TroubleIsSaidOnceAndCountedAndEndsNothing) {
  const TemporaryFolder folder;
  std::string closed;
  { closed = SilentPort().url(); }
  MetricsOptions options;
  options.textfile = folder.file("no/such.prom");
  options.push_target = closed + "/metrics/job/x";
  Metrics metrics;
  MetricsOutputs outputs(metrics, options);
  ASSERT_TRUE(outputs.listen().ok());
  outputs.start();
  const auto failures = [&metrics](const std::string& way) {
    const auto all = samples(metrics);
    const auto found = all.find("remapstorm_metrics_failures_total{way=\"" + way + "\"}");
    return found == all.end() ? 0 : std::stoi(found->second);
  };
  // The file is tried twice, then the program ends.
  const auto until = steady_clock::now() + seconds(30);
  while (failures("textfile") < 2 && steady_clock::now() < until) std::this_thread::sleep_for(milliseconds(20));
  outputs.finish();
  std::vector<std::string> notes = outputs.take_notes();
  std::sort(notes.begin(), notes.end());
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_TRUE(notes[0].starts_with("cannot push metrics to " + closed)) << notes[0];
  EXPECT_NE(notes[1].find("No such file or directory"), std::string::npos) << notes[1];
  EXPECT_GE(failures("textfile"), 3);
  EXPECT_GE(failures("push"), 2);
}

TEST(MetricsOutputs, AGatewayThatNeverAnswersIsWaitedForTwoSeconds) {
  const SilentPort silent;
  MetricsOptions options;
  options.push_target = silent.url() + "/metrics/job/x";
  Metrics metrics;
  MetricsOutputs outputs(metrics, options);
  outputs.start();
  std::this_thread::sleep_for(milliseconds(100));
  const auto began = steady_clock::now();
  outputs.finish();
  EXPECT_LT(steady_clock::now() - began, seconds(4));
  EXPECT_EQ(outputs.take_notes().size(), 1U);
}

}  // namespace
}  // namespace remapstorm
