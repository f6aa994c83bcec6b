// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/endpoint.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <list>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/fd.h"
#include "base/syscall.h"
#include "telemetry/metrics/http.h"

namespace remapstorm {
namespace {

constexpr std::size_t kMostConnections = 64;                // beyond that the oldest has to go
constexpr Nanoseconds kPatience = std::chrono::seconds(5);  // for a whole exchange
constexpr Nanoseconds kLinger = std::chrono::milliseconds(500);

struct SocketAddress {
  sockaddr_storage storage = {};
  socklen_t size = 0;
};

SocketAddress socket_address(const ListenAddress& address) {
  SocketAddress result;
  if (address.host.find(':') != std::string::npos) {
    auto* six = reinterpret_cast<sockaddr_in6*>(&result.storage);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(address.port);
    const std::size_t scope = address.host.find('%');
    ::inet_pton(AF_INET6, address.host.substr(0, scope).c_str(), &six->sin6_addr);
    if (scope != std::string::npos) six->sin6_scope_id = ::if_nametoindex(address.host.c_str() + scope + 1);
    result.size = sizeof(*six);
  } else {
    auto* four = reinterpret_cast<sockaddr_in*>(&result.storage);
    four->sin_family = AF_INET;
    four->sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &four->sin_addr);
    result.size = sizeof(*four);
  }
  return result;
}

}  // namespace

class MetricsEndpoint::Server {
 public:
  Server(Fd listening, Fd wake, std::function<std::string()> metrics)
      : listening_(std::move(listening)), wake_(std::move(wake)), metrics_(std::move(metrics)) {
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    over_ = true;
    const std::uint64_t one = 1;
    (void)!::write(wake_.get(), &one, sizeof(one));
    thread_.join();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

 private:
  // A client, from accept() to its end: it is read until its request is whole, then written to, then read until it
  // hangs up (a close() with bytes unread would take the response away from it).
  struct Connection {
    enum class State : std::uint8_t { reading, writing, lingering };
    Fd fd;
    State state = State::reading;
    Nanoseconds until{0};
    std::string received;
    std::string answer;
    std::size_t sent = 0;
  };

  void serve() {
    while (!over_) {
      std::vector<pollfd> polled = {{wake_.get(), POLLIN, 0}, {listening_.get(), POLLIN, 0}};
      for (const Connection& one : connections_) {
        polled.push_back(
            {one.fd.get(), static_cast<short>(one.state == Connection::State::writing ? POLLOUT : POLLIN), 0});
      }
      if (::poll(polled.data(), polled.size(), timeout_ms()) < 0 && errno != EINTR) return;
      auto one = connections_.begin();
      for (std::size_t i = 2; i < polled.size(); ++i) {
        const auto next = std::next(one);
        if ((polled[i].revents != 0 && !go_on(*one)) || clock_.now() >= one->until) connections_.erase(one);
        one = next;
      }
      if ((polled[1].revents & POLLIN) != 0) accept_all();
    }
  }

  [[nodiscard]] int timeout_ms() const {
    Nanoseconds nearest = kPatience;
    for (const Connection& one : connections_) nearest = std::min(nearest, one.until - clock_.now());
    return static_cast<int>(std::max<std::int64_t>(0, nearest.count() / 1'000'000 + 1));
  }

  void accept_all() {
    for (;;) {
      Fd fd(::accept4(listening_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (!fd.valid() && (errno == EMFILE || errno == ENFILE) && !connections_.empty()) {
        connections_.pop_front();
        continue;
      }
      // Without descriptors and without a connection to give up, accept() would fail again at once, for ever.
      if (!fd.valid() && errno != EAGAIN && errno != ECONNABORTED && errno != EINTR) {
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
      }
      if (!fd.valid()) return;
      if (connections_.size() >= kMostConnections) connections_.pop_front();
      Connection& one = connections_.emplace_back();
      one.fd = std::move(fd);
      one.until = clock_.now() + kPatience;
    }
  }

  // False: the connection is over.
  bool go_on(Connection& one) {
    switch (one.state) {
      case Connection::State::reading:
        return read_request(one);
      case Connection::State::writing:
        return write_answer(one);
      case Connection::State::lingering:
        return discard(one);
    }
    return false;
  }

  bool read_request(Connection& one) {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(one.fd.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    if (count == 0) return false;
    one.received.append(buffer.data(), static_cast<std::size_t>(count));
    auto answer = http_answer(one.received, metrics_);
    if (!answer) return true;
    one.answer = *std::move(answer);
    one.state = Connection::State::writing;
    return write_answer(one);
  }

  bool write_answer(Connection& one) {
    while (one.sent < one.answer.size()) {
      const ssize_t count =
          ::send(one.fd.get(), one.answer.data() + one.sent, one.answer.size() - one.sent, MSG_NOSIGNAL);
      if (count < 0) return errno == EAGAIN || errno == EINTR;
      one.sent += static_cast<std::size_t>(count);
    }
    ::shutdown(one.fd.get(), SHUT_WR);
    one.state = Connection::State::lingering;
    one.until = clock_.now() + kLinger;
    return true;
  }

  static bool discard(const Connection& one) {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(one.fd.get(), buffer.data(), buffer.size(), 0);
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
  }

  Fd listening_;
  Fd wake_;
  std::function<std::string()> metrics_;
  SteadyClock clock_;
  std::list<Connection> connections_;  // the oldest first
  std::atomic<bool> over_{false};
  std::thread thread_;
};

Result<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::open(const ListenAddress& address,
                                                               std::function<std::string()> metrics) {
  const bool six = address.host.find(':') != std::string::npos;
  const std::string host = six ? "[" + address.host + "]" : address.host;
  const std::string name = host + ":" + std::to_string(address.port);
  Fd fd(::socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return errno_error("socket", name, errno);
  const int on = 1;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  SocketAddress where = socket_address(address);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&where.storage), where.size) != 0) {
    Error error = host_error("cannot listen on " + name + ": " + std::strerror(errno));
    error.errnum = errno;
    if (errno == EADDRINUSE) error.hint = "another program has this port; give another one, or port 0 for any free one";
    if (errno == EACCES) error.hint = "ports below 1024 are for root";
    if (errno == EADDRNOTAVAIL) error.hint = "no interface of this machine has this address";
    return error;
  }
  if (::listen(fd.get(), 64) != 0) return errno_error("listen", name, errno);
  if (::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&where.storage), &where.size) != 0) {
    return errno_error("getsockname", name, errno);
  }
  const std::uint16_t port = ntohs(six ? reinterpret_cast<const sockaddr_in6*>(&where.storage)->sin6_port
                                       : reinterpret_cast<const sockaddr_in*>(&where.storage)->sin_port);
  Fd wake(::eventfd(0, EFD_CLOEXEC));
  if (!wake.valid()) return errno_error("eventfd", name, errno);
  std::unique_ptr<MetricsEndpoint> endpoint(
      new MetricsEndpoint(std::make_unique<Server>(std::move(fd), std::move(wake), std::move(metrics))));
  endpoint->url_ = "http://" + host + ":" + std::to_string(port) + "/metrics";
  return endpoint;
}

MetricsEndpoint::MetricsEndpoint(std::unique_ptr<Server> server) : server_(std::move(server)) {}
MetricsEndpoint::~MetricsEndpoint() = default;

}  // namespace remapstorm
