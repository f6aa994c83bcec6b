// SPDX-License-Identifier: Apache-2.0
#include "results/owner_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace remapstorm {
namespace {

constexpr std::string_view kOwnerFirstLine = "remapstorm owner 1\n";
constexpr std::string_view kCount = "count ";
constexpr std::size_t kCountDigits = 20;

std::string first_word_of(const std::string& path) {
  std::ifstream in(path);
  std::string word;
  in >> word;
  return word;
}

// Field 22 of /proc/PID/stat; empty if that cannot be read, "0" if nothing is left of the process but its exit status.
std::string start_of(const std::string& pid) {
  std::ifstream in("/proc/" + pid + "/stat");
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  std::size_t at = text.rfind(") ");  // its name may hold anything
  if (at == std::string::npos || text.size() < at + 3) return {};
  if (text[at + 2] == 'Z' || text[at + 2] == 'X') return "0";
  ++at;
  for (int field = 3; field <= 22 && at != std::string::npos; ++field) {
    const std::size_t end = text.find(' ', at + 1);
    if (field == 22) return text.substr(at + 1, end - at - 1);
    at = end;
  }
  return {};
}

std::string value_of(std::string_view text, const std::string& key) {
  const std::size_t at = text.find("\n" + key + " ");
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + key.size() + 2;
  return std::string(text.substr(begin, text.find('\n', begin) - begin));
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

}  // namespace

OwnerIdentity OwnerIdentity::of_this_process() {
  OwnerIdentity identity;
  identity.boot = first_word_of("/proc/sys/kernel/random/boot_id");
  std::array<char, 64> pids{};
  if (const ssize_t size = ::readlink("/proc/self/ns/pid", pids.data(), pids.size()); size > 0) {
    identity.pids.assign(pids.data(), static_cast<std::size_t>(size));
  }
  identity.pid = std::to_string(::getpid());
  identity.start = start_of(identity.pid);
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0) identity.host = host.data();
  std::random_device random;
  std::array<char, 24> nonce{};
  std::snprintf(nonce.data(), nonce.size(), "%08x%08x", random(), random());
  identity.nonce = nonce.data();
  return identity;
}

std::string owner_count_text(unsigned long long count) {
  std::array<char, kCountDigits + 1> text{};
  std::snprintf(text.data(), text.size(), "%020llu", count);
  return text.data();
}

std::string owner_text(const OwnerIdentity& identity, unsigned long long count) {
  return std::string(kOwnerFirstLine) + "boot " + identity.boot + "\npids " + identity.pids + "\npid " + identity.pid +
         "\nstart " + identity.start + "\nhost " + identity.host + "\nnonce " + identity.nonce + "\n" +
         std::string(kCount) + owner_count_text(count) + "\n";
}

std::size_t owner_count_offset(std::size_t size) { return size - kCountDigits - 1; }

std::string_view owner_without_count(std::string_view text) {
  const std::size_t at = text.rfind(kCount);
  return text.substr(0, at);
}

OwnerLife judge_owner(std::string_view text, const OwnerIdentity& here) {
  if (!text.starts_with(kOwnerFirstLine)) return OwnerLife::elsewhere;
  const std::string boot = value_of(text, "boot");
  const std::string pids = value_of(text, "pids");
  const std::string pid = value_of(text, "pid");
  const std::string start = value_of(text, "start");
  // Without /proc nothing is known of a process, not even of one that is here.
  if (boot.empty() || pids.empty() || boot != here.boot || pids != here.pids || here.start.empty()) {
    return OwnerLife::elsewhere;
  }
  if (!is_number(pid) || !is_number(start)) return OwnerLife::elsewhere;
  const std::string now = start_of(pid);
  if (now == start) return OwnerLife::alive;
  // /proc may hide the processes of other users.
  if (!now.empty()) return OwnerLife::dead;
  pid_t number = 0;
  const auto read = std::from_chars(pid.data(), pid.data() + pid.size(), number);
  const bool is_a_pid = read.ec == std::errc{} && number > 0;
  if (!is_a_pid || ::kill(number, 0) == 0 || errno != ESRCH) return OwnerLife::elsewhere;
  return OwnerLife::dead;
}

std::string owner_name(std::string_view text) {
  const std::string pid = value_of(text, "pid");
  const std::string host = value_of(text, "host");
  std::string name = pid.empty() ? "somebody" : "process " + pid + (host.empty() ? "" : " on " + host);
  for (char& letter : name) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return name;
}

}  // namespace remapstorm
