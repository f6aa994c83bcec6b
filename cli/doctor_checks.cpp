// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_checks.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "base/fd.h"
#include "base/memory_limit.h"
#include "injectors/page_delay.h"
#include "results/exit_code.h"
#include "trial/guest_image.h"
#include "vmm/calibrate.h"
#include "vmm/kvm.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMiB = 1ULL << 20;
// Measured: a run of one guest of 128 MiB, at its most.
constexpr std::uint64_t kGuestAddressSpace = 560 * kMiB;

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string rate_in_words(double per_second) {
  std::ostringstream text;
  text.precision(3);
  if (per_second >= 1e9) {
    text << per_second / 1e9 << " G";
  } else {
    text << per_second / 1e6 << " M";
  }
  text << " instructions/s";
  return text.str();
}

Check failed(const std::string& name, const Error& error) {
  return {name, Check::State::missing, error.message, error.hint};
}

}  // namespace

std::vector<Check> check_kvm() {
  const Result<Kvm> kvm = Kvm::open();
  if (!kvm.ok()) return {failed("kvm", kvm.error())};
  std::vector<Check> checks;
  const Status required = kvm->check_required();
  checks.push_back(required.ok() ? Check{"kvm", Check::State::good,
                                         "/dev/kvm works, up to " + std::to_string(kvm->max_vcpus()) + " vCPUs", ""}
                                 : failed("kvm", required.error()));
  const Result<Calibration> calibration = calibrate(*kvm, SteadyClock());
  if (!calibration.ok()) {
    checks.push_back(failed("host kind", calibration.error()));
    return checks;
  }
  std::ostringstream text;
  text << host_kind_name(calibration->kind) << ": guest kernel "
       << rate_in_words(calibration->kernel_instructions_per_second) << ", guest user "
       << rate_in_words(calibration->user_instructions_per_second) << ", port exit "
       << static_cast<double>(calibration->port_round_trip.count()) / 1000.0 << " us";
  Check kind{"host kind", Check::State::good, text.str(), ""};
  if (calibration->kind == HostKind::interpreting) {
    kind.state = Check::State::warning;
    kind.hint = "this KVM interprets guest kernel code: everything works, but timings do not compare with hardware";
  }
  checks.push_back(kind);
  if (!calibration->breakpoints) {
    checks.push_back({"breakpoints", Check::State::warning, "execution breakpoints do not fire",
                      "rules with `at` and windows between places cannot run here; probes can"});
  }
  return checks;
}

Check check_userfaultfd() {
  const std::string name = "userfaultfd";
  // As the injector opens it.
  const Result<Fd> fd = open_userfaultfd();
  if (fd.ok()) return {name, Check::State::good, "permitted, with minor faults on shared memory", ""};
  return {name, Check::State::warning, fd.error().message + ": scenarios with stage2-delay cannot run",
          fd.error().hint};
}

Check check_memory() {
  const std::uint64_t available = available_memory(read_file("/proc/meminfo"));
  Check check{"memory", Check::State::good, std::to_string(available / kMiB) + " MiB available", ""};
  if (available < 1024 * kMiB) {
    check.state = Check::State::warning;
    check.hint = "building the guest kernel takes about 1 GiB, a guest 256 MiB (--memory)";
  }
  return check;
}

std::optional<Check> check_memory_limits() {
  const auto limit = least_memory_limit();
  if (!limit || limit->bytes >= kGuestAddressSpace) return std::nullopt;
  return Check{"memory limit", Check::State::missing,
               "this process may use " + std::to_string(limit->bytes / kMiB) + " MiB (" + limit->name +
                   "), a run takes " + std::to_string(kGuestAddressSpace / kMiB) + " MiB",
               limit->name + " unlimited"};
}

Check check_disk(const std::string& what, const std::string& path, std::uint64_t needed_bytes) {
  std::error_code error;
  fs::path existing = path;
  while (!fs::exists(existing, error) && existing.has_relative_path()) existing = existing.parent_path();
  struct statvfs space {};
  if (::statvfs(existing.c_str(), &space) != 0) {
    return {what, Check::State::missing, path + ": " + std::strerror(errno), ""};
  }
  const std::uint64_t free = static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
  Check check{what, Check::State::good, path + ": " + std::to_string(free / kMiB) + " MiB free", ""};
  const std::string variable = what == "cache" ? "REMAPSTORM_CACHE" : "REMAPSTORM_STATE";
  if (::access(existing.c_str(), W_OK) != 0) {
    check.state = Check::State::missing;
    check.finding = path + ": no permission to write";
    check.hint = "set " + variable + " to a folder you can write to";
  } else if (free < needed_bytes) {
    check.state = Check::State::warning;
    check.hint = "up to " + std::to_string(needed_bytes / kMiB) + " MiB are used; free some, or set " + variable;
  }
  return check;
}

Check check_packages(const std::string& source_dir) {
  const std::string list = read_file(source_dir + "/tools/packages.txt");
  const std::string status = read_file("/var/lib/dpkg/status");
  if (status.empty()) {
    return {"packages", Check::State::warning, "not a Debian system: packages cannot be checked",
            "see tools/packages.txt for what is needed"};
  }
  const std::vector<std::string> missing = missing_packages(list, status, "run");
  if (missing.empty()) return {"packages", Check::State::good, "all installed", ""};
  std::string names;
  for (const std::string& name : missing) names += " " + name;
  return {"packages", Check::State::warning, "missing:" + names,
          "./run installs them; or: sudo apt-get install" + names};
}

Check check_guest_image(const Paths& paths, const Environment& environment, const std::string& called) {
  const Result<GuestImageInfo> image = find_guest_image(paths, environment, "std");
  if (!image.ok()) {
    return {"guest image", Check::State::warning, image.error().message,
            called + " guest build (./run does it by itself)"};
  }
  return {"guest image", Check::State::good, "std, Linux " + image->kernel_version + ", " + image->directory, ""};
}

std::uint64_t available_memory(std::string_view meminfo) {
  constexpr std::string_view kKey = "MemAvailable:";
  std::size_t at = meminfo.find(kKey);
  if (at == std::string_view::npos) return 0;
  at = meminfo.find_first_not_of(' ', at + kKey.size());
  if (at == std::string_view::npos) return 0;
  std::uint64_t kib = 0;
  std::from_chars(meminfo.data() + at, meminfo.data() + meminfo.size(), kib);
  return kib * 1024;
}

std::vector<std::string> missing_packages(std::string_view list, std::string_view status, std::string_view who) {
  std::set<std::string> installed;
  std::istringstream paragraphs{std::string(status)};
  std::string line;
  std::string package;
  while (std::getline(paragraphs, line)) {
    if (line.starts_with("Package: ")) package = line.substr(9);
    if (line.starts_with("Status: ") && line.ends_with(" installed")) installed.insert(package);
  }
  std::vector<std::string> missing;
  std::istringstream lines{std::string(list)};
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string name;
    std::string for_whom;
    words >> name >> for_whom;
    if (name.empty() || name.starts_with('#') || for_whom != who) continue;
    if (!installed.contains(name)) missing.push_back(name);
  }
  return missing;
}

int doctor_exit_code(const std::vector<Check>& checks) {
  for (const Check& check : checks) {
    if (check.state == Check::State::missing) return kExitUnavailable;
  }
  return kExitOk;
}

}  // namespace remapstorm
