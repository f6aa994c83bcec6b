// SPDX-License-Identifier: Apache-2.0
#include "telemetry/metrics/push.h"

#include <curl/curl.h>

#include <memory>

namespace remapstorm {
namespace {

constexpr std::size_t kMostReply = 300;  // of what a gateway says, in a message

std::size_t keep_reply(char* data, std::size_t size, std::size_t count, void* reply) {
  auto& text = *static_cast<std::string*>(reply);
  for (std::size_t i = 0; i < size * count && text.size() < kMostReply; ++i) {
    text += data[i] >= ' ' && data[i] <= '~' ? data[i] : ' ';
  }
  return size * count;
}

int is_stopped(void* stop, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<const std::atomic<bool>*>(stop) ? 1 : 0;
}

std::string path_segment(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    safe += plain ? c : '_';
  }
  return safe.empty() ? "unknown" : safe;
}

// For messages: without a user's name and password.
std::string shown(const std::string& target) {
  const std::size_t host = target.find("://") + 3;
  const std::size_t at = target.substr(0, target.find('/', host)).rfind('@');
  return at == std::string::npos || at < host ? target : target.substr(0, host) + target.substr(at + 1);
}

}  // namespace

bool names_group(const std::string& url) { return url.find("/metrics/job/") != std::string::npos; }

Result<std::string> push_target(const std::string& url, const std::string& hostname) {
  std::string target = url;
  while (target.ends_with('/')) target.pop_back();
  const std::size_t scheme = target.find("://");
  const std::string protocol = scheme == std::string::npos ? std::string() : target.substr(0, scheme);
  const std::size_t host = scheme + 3;
  if ((protocol != "http" && protocol != "https") || host >= target.size() || target[host] == '/' ||
      target.find_first_of(" \t\r\n") != std::string::npos) {
    return usage_error(url + ": no address of a Pushgateway", "give one such as http://127.0.0.1:9091");
  }
  if (names_group(target)) return target;
  return target + "/metrics/job/remapstorm/instance/" + path_segment(hostname);
}

Status push_metrics(const std::string& target, std::string_view metrics, Nanoseconds timeout,
                    const std::atomic<bool>& stop) {
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(::curl_easy_init(), ::curl_easy_cleanup);
  if (curl == nullptr) return host_error("no memory for a push");
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> headers(
      // Without "Expect": some gateways never answer it.
      ::curl_slist_append(::curl_slist_append(nullptr, "Content-Type: text/plain; version=0.0.4; charset=utf-8"),
                          "Expect:"),
      ::curl_slist_free_all);
  std::string reply;
  CURL* handle = curl.get();
  ::curl_easy_setopt(handle, CURLOPT_URL, target.c_str());
  ::curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "PUT");
  ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  ::curl_easy_setopt(handle, CURLOPT_POSTFIELDS, metrics.data());
  ::curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(metrics.size()));
  ::curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout.count() / 1'000'000));
  ::curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  // Do not wait for a look-up of the name that is still under way.
  ::curl_easy_setopt(handle, CURLOPT_QUICK_EXIT, 1L);
  ::curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  ::curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, is_stopped);
  ::curl_easy_setopt(handle, CURLOPT_XFERINFODATA, const_cast<std::atomic<bool>*>(&stop));
  ::curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, keep_reply);
  ::curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply);
  const CURLcode code = ::curl_easy_perform(handle);
  if (code != CURLE_OK)
    return host_error("cannot push metrics to " + shown(target) + ": " + ::curl_easy_strerror(code));
  long status = 0;
  ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  if (status / 100 == 2) return {};
  return host_error(shown(target) + " refused the metrics with status " + std::to_string(status) +
                    (reply.empty() ? "" : ": " + reply));
}

}  // namespace remapstorm
