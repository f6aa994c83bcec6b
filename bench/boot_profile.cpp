// SPDX-License-Identifier: Apache-2.0
// Boots a vmlinux and says where the time went: wall time of every console line, and a histogram of guest pc samples by
// symbol.
#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "guest/abi/remapstorm_abi.h"
#include "link/guest_devices.h"
#include "vmm/arch/x86_64/interpreting_host.h"
#include "vmm/disassembler.h"
#include "vmm/kernel.h"
#include "vmm/linux_boot.h"
#include "vmm/platform.h"

namespace remapstorm {
namespace {

using Seconds = std::chrono::duration<double>;

struct Options {
  std::string kernel;
  std::string initramfs;
  std::string append;
  std::string workload;
  unsigned cpus = 2;
  std::uint64_t memory_mib = 256;
  unsigned top = 40;
  double timeout = 120;
  unsigned sample_us = 1000;
  bool masks = true;
  bool quiet = false;
  bool to_done = false;  // go on behind READY until the workloads have ended
};

struct Shared {
  bool to_done = false;
  std::chrono::steady_clock::time_point start;
  std::atomic<bool> finished{false};
  std::atomic<bool> ok{false};
  std::string outcome;
  double seconds = 0;

  [[nodiscard]] double elapsed() const { return Seconds(std::chrono::steady_clock::now() - start).count(); }
  void finish(bool good, const std::string& text) {
    if (finished.exchange(true)) return;
    ok = good;
    outcome = text;
    seconds = elapsed();
  }
};

struct Profile {
  std::map<std::string, std::uint64_t> symbols;
  std::uint64_t samples = 0;
  std::uint64_t user = 0;
  std::uint64_t halted = 0;
};

void sample(const Vcpu& vcpu, const Symbols& symbols, Profile& profile) {
  const auto state = vcpu.state();
  if (!state.ok()) return;
  ++profile.samples;
  if (state->halted) {
    ++profile.halted;
  } else if (state->user_mode) {
    ++profile.user;
  } else {
    const auto at = symbols.lookup(state->pc);
    ++profile.symbols[at ? std::string(at->name) : symbols.describe(state->pc)];
  }
}

// True when the guest is to go on.
bool on_doorbell(std::uint32_t value, Shared& shared) {
  switch (RS_DOORBELL_OP(value)) {
    case RS_OP_READY:
      if (shared.to_done) {
        std::fprintf(stderr, "%9.3f  READY doorbell\n", shared.elapsed());
        return true;
      }
      shared.finish(true, "READY doorbell");
      return false;
    case RS_OP_DONE:
      shared.finish(true, "DONE doorbell");
      return false;
    case RS_OP_PANIC:
      shared.finish(false, "guest panic");
      return false;
    case RS_OP_POWEROFF:
      shared.finish(false, "guest powered off before READY");
      return false;
    default:
      return true;
  }
}

void run_vcpu(Vcpu& vcpu, const Symbols& symbols, const Disassembler& disassembler, Shared& shared, Profile& profile) {
  while (!shared.finished) {
    const Stop stop = vcpu.run();
    if (std::holds_alternative<InterruptedStop>(stop)) {
      if (!shared.finished) sample(vcpu, symbols, profile);
    } else if (const auto* bell = std::get_if<DoorbellStop>(&stop)) {
      if (!on_doorbell(bell->value, shared)) return;
    } else if (const auto* trouble = std::get_if<HostErrorStop>(&stop)) {
      shared.finish(false, explain(*trouble, disassembler, symbols));
    } else {
      shared.finish(false, describe(stop));
    }
  }
}

void print(const Profile& profile, unsigned vcpu, unsigned top) {
  std::printf("\nvcpu %u: %llu samples, %llu in user mode, %llu halted\n", vcpu,
              static_cast<unsigned long long>(profile.samples), static_cast<unsigned long long>(profile.user),
              static_cast<unsigned long long>(profile.halted));
  std::vector<std::pair<std::string, std::uint64_t>> rows(profile.symbols.begin(), profile.symbols.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (std::size_t i = 0; i < rows.size() && i < top; ++i) {
    std::printf("  %6.2f %%  %7llu  %s\n",
                100.0 * static_cast<double>(rows[i].second) / static_cast<double>(profile.samples),
                static_cast<unsigned long long>(rows[i].second), rows[i].first.c_str());
  }
}

Result<int> boot(const Options& options) {
  RS_ASSIGN(const Kvm kvm, Kvm::open());
  RS_ASSIGN(const Kernel opened, open_kernel({options.kernel, ""}, kHostIsa));
  const KernelImage& kernel = opened.image;
  const Symbols& symbols = opened.symbols;
  RS_ASSIGN(const Disassembler disassembler, Disassembler::create(kHostIsa));
  RS_ASSIGN(const auto memory, GuestMemory::create(options.memory_mib << 20));
  RS_TRY(add_mailbox(*memory));
  auto* mailbox = reinterpret_cast<rs_mailbox*>(memory->host_range(Gpa(RS_MAILBOX_GPA), sizeof(rs_mailbox)));
  mailbox->magic = RS_ABI_MAGIC;
  mailbox->version = RS_ABI_VERSION;
  mailbox->vcpus = options.cpus;
  mailbox->ring_entries = RS_RING_ENTRIES;
  mailbox->ring_offset = RS_RING_OFFSET;
  const std::size_t text = std::min<std::size_t>(options.workload.size(), RS_WORKLOAD_BYTES - 1);
  std::memcpy(mailbox->workload, options.workload.data(), text);
  mailbox->workload_bytes = static_cast<std::uint32_t>(text);

  VmConfig config;
  config.vcpus = options.cpus;
  RS_ASSIGN(const auto vm, Vm::create(kvm, *memory, config));
  Shared shared;
  shared.to_done = options.to_done;
  PlatformConfig devices = guest_devices({}, {});
  devices.text = options.workload;
  devices.console_line = [&](std::string_view line, LineEnd) {
    if (!options.quiet) {
      std::fprintf(stderr, "%9.3f  %.*s\n", shared.elapsed(), static_cast<int>(line.size()), line.data());
    }
  };
  RS_ASSIGN(const auto platform, Platform::create(*vm, std::move(devices)));

  LinuxBoot linux_boot;
  linux_boot.initramfs_path = options.initramfs;
  linux_boot.command_line = "console=ttyS0 remapstorm.mailbox=0xd0000000 hugetlb_free_vmemmap=on panic=-1 reboot=k";
  if (options.masks) linux_boot.command_line += " " + x86_64::interpreting_host_parameters();
  // Without a paravirtual clock the guest would spend a second finding out, and fail.
  RS_ASSIGN(const std::uint64_t counter_hz, vm->vcpu(0).guest_counter_hz());
  linux_boot.command_line += " tsc_early_khz=" + std::to_string(counter_hz / 1000);
  if (!options.append.empty()) linux_boot.command_line += " " + options.append;
  shared.start = std::chrono::steady_clock::now();
  RS_TRY(load_linux(*vm, kernel, linux_boot));
  const double loaded = shared.elapsed();

  std::vector<Profile> profiles(options.cpus);
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < options.cpus; ++i) {
    threads.emplace_back([&, i] {
      run_vcpu(vm->vcpu(i), symbols, disassembler, shared, profiles[i]);
      for (unsigned j = 0; j < vm->vcpu_count(); ++j) vm->vcpu(j).kick();
    });
  }
  while (!shared.finished) {
    std::this_thread::sleep_for(std::chrono::microseconds(options.sample_us));
    if (shared.elapsed() > options.timeout) shared.finish(false, "timeout");
    for (unsigned i = 0; i < options.cpus; ++i) vm->vcpu(i).kick();
  }
  for (std::thread& thread : threads) thread.join();
  platform->console().flush();

  std::printf("%s after %.3f s (of that loading %.3f s), console %llu bytes\n", shared.outcome.c_str(), shared.seconds,
              loaded, static_cast<unsigned long long>(platform->console().bytes_written()));
  for (const std::uint64_t port : vm->pio().unclaimed_addresses()) {
    std::printf("unclaimed port 0x%llx\n", static_cast<unsigned long long>(port));
  }
  for (unsigned i = 0; i < options.cpus; ++i) print(profiles[i], i, options.top);
  return shared.ok ? 0 : 1;
}

int usage() {
  std::fprintf(
      stderr,
      "usage: boot_profile VMLINUX [--initrd FILE] [--append ARGS] [--workload TEXT] [--cpus N] [--memory MIB]\n"
      "                    [--top N] [--timeout S] [--sample-us N] [--no-masks] [--quiet] [--done]\n"
      "Boots VMLINUX to its READY doorbell, or on to DONE. Console with times to stderr, profile to stdout.\n");
  return 64;
}

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--no-masks") {
      options.masks = false;
    } else if (arg == "--done") {
      options.to_done = true;
    } else if (arg == "--quiet") {
      options.quiet = true;
    } else if (!arg.starts_with("--")) {
      options.kernel = arg;
    } else if (i + 1 == argc) {
      return std::nullopt;
    } else {
      const char* value = argv[++i];
      if (arg == "--initrd")
        options.initramfs = value;
      else if (arg == "--append")
        options.append = value;
      else if (arg == "--workload")
        options.workload = value;
      else if (arg == "--cpus")
        options.cpus = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
      else if (arg == "--memory")
        options.memory_mib = std::strtoull(value, nullptr, 0);
      else if (arg == "--top")
        options.top = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
      else if (arg == "--timeout")
        options.timeout = std::strtod(value, nullptr);
      else if (arg == "--sample-us")
        options.sample_us = static_cast<unsigned>(std::strtoul(value, nullptr, 0));
      else
        return std::nullopt;
    }
  }
  if (options.kernel.empty()) return std::nullopt;
  return options;
}

}  // namespace
}  // namespace remapstorm

int main(int argc, char** argv) {
  const auto options = remapstorm::parse(argc, argv);
  if (!options) return remapstorm::usage();
  const auto result = remapstorm::boot(*options);
  if (result.ok()) return *result;
  std::fprintf(stderr, "boot_profile: %s\n", result.error().message.c_str());
  if (!result.error().hint.empty()) std::fprintf(stderr, "hint: %s\n", result.error().hint.c_str());
  return 1;
}
