// SPDX-License-Identifier: Apache-2.0
#include "tests/snapshots/linux_guest.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <thread>

#include "guest/abi/remapstorm_abi.h"
#include "link/guest_devices.h"
#include "plan/command_line.h"
#include "trial/host_share.h"
#include "vmm/calibrate.h"
#include "vmm/kernel_image.h"
#include "vmm/linux_boot.h"

namespace remapstorm {

std::string guest_image() {
  const char* folder = std::getenv("REMAPSTORM_IMAGE_STD");
  if (folder == nullptr || *folder == 0) {
    std::fprintf(stderr, "REMAPSTORM_IMAGE_STD does not name a guest image; ./test kvm sets it\n");
    std::abort();
  }
  return folder;
}

std::vector<unsigned> numbers_of_cpus() {
  const char* asked = std::getenv("REMAPSTORM_CPUS");
  std::vector<unsigned> numbers;
  for (const char* at = asked != nullptr ? asked : "1,2,4"; *at != 0;) {
    char* end = nullptr;
    const unsigned long number = std::strtoul(at, &end, 10);
    if (number < 1 || number > kMaxVcpus || (*end != 0 && *end != ',')) {
      std::fprintf(stderr, "REMAPSTORM_CPUS is not a list of numbers from 1 to %u\n", kMaxVcpus);
      std::abort();
    }
    numbers.push_back(static_cast<unsigned>(number));
    at = *end == 0 ? end : end + 1;
  }
  return numbers;
}

std::string work_for(unsigned cpus, unsigned repeat) {
  std::string text = "vcpu=0 run=hugetlb-cycle pages=1 repeat=" + std::to_string(repeat);
  for (unsigned i = 1; i < cpus; ++i) {
    text += "\nvcpu=" + std::to_string(i) + (i % 2 == 1 ? " run=spin" : " run=read-target");
  }
  return text;
}

const Snapshot& ready_guest(unsigned cpus) {
  static std::map<unsigned, Snapshot> guests;
  auto found = guests.find(cpus);
  if (found == guests.end()) {
    LinuxGuest guest(cpus);
    guest.boot();
    found = guests.emplace(cpus, must(Snapshot::take(guest.vm(), guest.platform()))).first;
  }
  return found->second;
}

std::string text_of(const std::vector<Difference>& differences) {
  std::string text;
  for (const Difference& one : differences) text += one.where + ": " + one.what + "\n";
  return text;
}

LinuxGuest::LinuxGuest(unsigned cpus, DirtyTracking tracking)
    : cpus_(cpus), kvm_(std::make_unique<Kvm>(must(Kvm::open()))), memory_(must(GuestMemory::create(kMemory))) {
  must(add_mailbox(*memory_));
  VmConfig config;
  config.vcpus = cpus;
  config.dirty_tracking = tracking;
  vm_ = must(Vm::create(*kvm_, *memory_, config));
  mailbox_ = std::make_unique<Mailbox>(memory_->named(kMailboxRegion)->mapping.bytes(), cpus);
  const auto keep = [this](std::string_view line, LineEnd) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  };
  platform_ = must(Platform::create(*vm_, guest_devices(keep, {})));
}

void LinuxGuest::boot(const std::string& words) {
  const KernelImage kernel = must(KernelImage::open(guest_image() + "/vmlinux", kHostIsa));
  LinuxBoot boot;
  const std::uint64_t khz = must(vm_->vcpu(0).guest_counter_hz()) / 1000;
  boot.command_line = must(command_line_of(guest_image(), HostKind::interpreting, khz)).base +
                      " remapstorm.mailbox=" + std::to_string(RS_MAILBOX_GPA) +
                      " remapstorm.strategy=bbm-fault-irqsafe " + words;
  boot.initramfs_path = guest_image() + "/initramfs.cpio";
  boot.devices = described_devices(cpus_);
  must(load_linux(*vm_, kernel, boot));
  if (!run_to(RS_OP_READY, 240)) {
    std::fprintf(stderr, "the guest did not become ready:\n%s\n", story().c_str());
    std::abort();
  }
}

void LinuxGuest::set_workload(const std::string& text) { must(mailbox_->set_workload(text)); }

std::optional<std::uint32_t> LinuxGuest::run_to(std::uint32_t op, double seconds) {
  std::atomic<bool> over{false};
  std::atomic<unsigned> outside{0};
  std::optional<std::uint32_t> operand;
  const auto say = [&](unsigned vcpu, const Stop& stop) {
    const std::lock_guard lock(mutex_);
    lines_.push_back("vcpu " + std::to_string(vcpu) + ": " + describe(stop));
  };
  const auto drive = [&](unsigned index) {
    while (!over) {
      const Stop stop = vm_->vcpu(index).run();
      if (std::holds_alternative<InterruptedStop>(stop)) continue;
      const auto* bell = std::get_if<DoorbellStop>(&stop);
      if (bell != nullptr && RS_DOORBELL_OP(bell->value) == op) {
        const std::lock_guard lock(mutex_);
        if (!operand) operand = RS_DOORBELL_OPERAND(bell->value);
      } else if (bell != nullptr && RS_DOORBELL_OP(bell->value) == RS_OP_DRAIN) {
        mailbox_->set_ring_tail(index, mailbox_->ring_head(index));
        continue;
      } else if (bell != nullptr && RS_DOORBELL_OP(bell->value) == RS_OP_PROBE) {
        continue;
      } else {
        say(index, stop);
      }
      over = true;
    }
    ++outside;
  };
  std::vector<std::optional<ThreadWatch>> watches(cpus_);
  std::atomic<unsigned> begun{0};
  std::atomic<bool> looked{false};  // a thread's clock goes with it
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < cpus_; ++i) {
    threads.emplace_back([&, i] {
      watches[i].emplace(ThreadWatch::of_this_thread());
      ++begun;
      drive(i);
      looked.wait(false);
    });
  }
  // A guest is not stuck because a busy host gives it no time; a limit too short to judge that by is one on the clock.
  const bool count_given = seconds >= 1;
  const SteadyClock clock;
  const Nanoseconds begin = clock.now();
  GivenTime given;
  std::vector<ThreadShare> shares(cpus_);
  const auto spent = [&] {
    std::vector<Nanoseconds> had(cpus_);
    for (unsigned i = 0; i < cpus_ && count_given && begun == cpus_; ++i) {
      if (const auto look = watches[i]->look()) shares[i].advance(clock.now(), *look);
      had[i] = shares[i].had();
    }
    given.advance(clock.now(), had);
    return std::chrono::duration<double>(count_given ? given.given() : clock.now() - begin).count();
  };
  while (outside < cpus_) {
    const double left = seconds - spent();
    std::this_thread::sleep_for(std::chrono::duration<double>(std::clamp(left, 20e-6, 2e-3)));
    if (left < 0) over = true;
    if (!over) continue;
    for (unsigned i = 0; i < cpus_; ++i) vm_->vcpu(i).kick();
  }
  looked = true;
  looked.notify_all();
  for (std::thread& thread : threads) thread.join();
  return operand;
}

Stop LinuxGuest::run_first() {
  for (;;) {
    Stop stop = vm_->vcpu(0).run();
    if (!std::holds_alternative<InterruptedStop>(stop)) return stop;
  }
}

std::string LinuxGuest::story() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  return text;
}

}  // namespace remapstorm
