// SPDX-License-Identifier: Apache-2.0
// What a reset in place costs, for several numbers of pages that the guest has written since, each beside its floor:
// the same ioctls and memcpy alone. Then resets of a guest that was let run for a while. All of it with the dirty log
// and with dirty rings, in one run.
//   reset IMAGE-FOLDER CPUS [ROUNDS [log|ring|both]]
#include "vmm/reset.h"

#include <sys/ioctl.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/arch/reset_arch.h"
#include "guest/abi/remapstorm_abi.h"
#include "link/guest_devices.h"
#include "link/mailbox.h"
#include "plan/command_line.h"
#include "vmm/kernel_image.h"
#include "vmm/linux_boot.h"
#include "vmm/page_walk.h"
#include "vmm/platform.h"

namespace remapstorm {
namespace {

constexpr std::uint64_t kMemory = 128 << 20;

struct Guest {
  std::unique_ptr<GuestMemory> memory;
  std::unique_ptr<Vm> vm;
  std::unique_ptr<Platform> platform;
  std::unique_ptr<Mailbox> mailbox;
};

Result<Guest> make(const Kvm& kvm, unsigned cpus, DirtyTracking tracking) {
  Guest guest;
  RS_ASSIGN(guest.memory, GuestMemory::create(kMemory));
  RS_TRY(add_mailbox(*guest.memory));
  VmConfig config;
  config.vcpus = cpus;
  config.dirty_tracking = tracking;
  RS_ASSIGN(guest.vm, Vm::create(kvm, *guest.memory, config));
  guest.mailbox = std::make_unique<Mailbox>(guest.memory->named(kMailboxRegion)->mapping.bytes(), cpus);
  RS_ASSIGN(guest.platform, Platform::create(*guest.vm, guest_devices({}, {})));
  return guest;
}

Status load(Guest& guest, const std::string& image) {
  RS_ASSIGN(const KernelImage kernel, KernelImage::open(image + "/vmlinux", kHostIsa));
  LinuxBoot linux_boot;
  RS_ASSIGN(const std::uint64_t hz, guest.vm->vcpu(0).guest_counter_hz());
  RS_ASSIGN(const CommandLine line, command_line_of(image, HostKind::interpreting, hz / 1000));
  linux_boot.command_line = line.base + " remapstorm.mailbox=" + std::to_string(RS_MAILBOX_GPA);
  linux_boot.initramfs_path = image + "/initramfs.cpio";
  RS_TRY(load_linux(*guest.vm, kernel, linux_boot));
  return {};
}

// Until a vCPU rings READY or DONE, or for `longest`.
void run(Vm& vm, std::chrono::microseconds longest) {
  std::atomic<bool> over{false};
  std::atomic<unsigned> outside{0};
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < vm.vcpu_count(); ++i) {
    threads.emplace_back([&, i] {
      while (!over) {
        const Stop stop = vm.vcpu(i).run();
        const auto* bell = std::get_if<DoorbellStop>(&stop);
        if (std::holds_alternative<InterruptedStop>(stop)) continue;
        if (bell != nullptr &&
            (RS_DOORBELL_OP(bell->value) == RS_OP_PROBE || RS_DOORBELL_OP(bell->value) == RS_OP_DRAIN))
          continue;
        over = true;
      }
      ++outside;
    });
  }
  const auto end = std::chrono::steady_clock::now() + longest;
  while (outside < vm.vcpu_count()) {
    std::this_thread::sleep_for(std::min(longest, std::chrono::microseconds(500)));
    if (std::chrono::steady_clock::now() > end) over = true;
    if (!over) continue;
    for (unsigned i = 0; i < vm.vcpu_count(); ++i) vm.vcpu(i).kick();
  }
}

// Each vCPU writes its share of `pages` with its own instructions, at the end of memory, where nothing is yet.
Status touch(Guest& guest, std::uint64_t pages) {
  const bench::TouchCode touch = bench::touch_code();
  std::uint64_t next = kMemory - pages * kGuestPageSize;
  const unsigned cpus = guest.vm->vcpu_count();
  for (unsigned i = 0; i < cpus; ++i) {
    Vcpu& vcpu = guest.vm->vcpu(i);
    const std::uint64_t share = pages / cpus + (i < pages % cpus ? 1 : 0);
    if (share == 0) continue;
    RS_TRY(vcpu.make_runnable());
    RS_ASSIGN(const CpuState state, vcpu.state());
    RS_ASSIGN(auto registers, vcpu.registers());
    const PageWalk place = walk(kHostIsa, state.space, *guest.memory, state.pc);
    if (!place.present() || state.user_mode) return host_error("the guest is not in its kernel");
    if (!guest.memory->write(*place.physical, touch.code)) return host_error("code page");
    auto* written = reinterpret_cast<char*>(guest.memory->guest_range(*place.physical, touch.code.size()));
    __builtin___clear_cache(written, written + touch.code.size());
    bench::prepare_touch(registers, touch.memory + next, share);
    next += share * kGuestPageSize;
    RS_TRY(vcpu.set_registers(registers));
    const Gva end[] = {state.pc + touch.end};
    RS_TRY(vcpu.set_breakpoints(end));
    Stop stop = vcpu.run();
    if (std::holds_alternative<InterruptedStop>(stop)) stop = vcpu.run();  // a kick that came late
    RS_TRY(vcpu.set_breakpoints({}));
    if (!std::holds_alternative<BreakpointStop>(stop)) return host_error("touching pages: " + describe(stop));
  }
  return {};
}

// The ioctls and the copying of a reset, and nothing around them.
class Floor {
 public:
  Floor(Vm& vm, const Snapshot& snapshot)
      : vm_(vm), snapshot_(snapshot), tracker_(DirtyTracker::create(vm)), calls_(bench::floor_calls(vm, snapshot)) {
    for (const auto& region : vm.memory().regions()) dirty_.emplace_back(region->size() / kGuestPageSize / 64 + 1);
  }

  Nanoseconds run() {
    const SteadyClock clock;
    const Nanoseconds begin = clock.now();
    for (bench::Call& call : calls_) ::ioctl(call.fd, call.number, call.bytes.data());
    static_cast<void>(tracker_->collect(dirty_));
    for (std::size_t i = 0; i < dirty_.size(); ++i) {
      std::byte* memory = vm_.memory().regions()[i]->mapping.data();
      const MemoryImage::Region& image = snapshot_.memory().regions()[i];
      for (std::size_t word = 0; word < dirty_[i].size(); ++word) {
        for (std::uint64_t bits = dirty_[i][word]; bits != 0; bits &= bits - 1) {
          const std::uint64_t page = word * 64 + static_cast<unsigned>(std::countr_zero(bits));
          std::memcpy(memory + page * kGuestPageSize, image.page(page), kGuestPageSize);
        }
      }
    }
    return clock.now() - begin;
  }

 private:
  Vm& vm_;
  const Snapshot& snapshot_;
  std::unique_ptr<DirtyTracker> tracker_;
  std::vector<bench::Call> calls_;
  std::vector<DirtyTracker::Bitmap> dirty_;
};

struct Series {
  std::vector<double> us;
  void add(Nanoseconds time) { us.push_back(static_cast<double>(time.count()) / 1000); }
  [[nodiscard]] double at(double share) {
    std::sort(us.begin(), us.end());
    return us[std::min(us.size() - 1, static_cast<std::size_t>(share * static_cast<double>(us.size())))];
  }
};

void print(const char* what, Series& series) {
  std::printf("  %-28s n %zu  min %.1f  p50 %.1f  p99 %.1f  max %.1f us\n", what, series.us.size(), series.at(0),
              series.at(0.5), series.at(0.99), series.at(1));
}

Status measure_pages(Guest& guest, Reset& reset, Floor& floor, std::uint64_t pages, unsigned rounds) {
  Series whole;
  Series state;
  Series find;
  Series copy;
  Series bare;
  std::uint64_t copied = 0;
  std::uint64_t dropped = 0;
  RS_TRY(touch(guest, pages));
  RS_TRY(reset.run());
  for (unsigned i = 0; i < rounds; ++i) {
    RS_TRY(touch(guest, pages));
    RS_ASSIGN(const ResetCost cost, reset.run());
    copied += cost.pages_copied;
    dropped += cost.translations_dropped ? 1 : 0;
    whole.add(cost.total());
    state.add(cost.settle + cost.state);
    find.add(cost.log);
    copy.add(cost.copy + cost.translations);
    RS_TRY(touch(guest, pages));
    bare.add(floor.run());
    RS_TRY(reset.run());  // what the host wrote
  }
  RS_ASSIGN(const auto differences, reset.compare());
  for (const Difference& one : differences) std::printf("DIFFERENT: %s: %s\n", one.where.c_str(), one.what.c_str());
  std::printf("%u vCPU, %llu pages written, %.1f copied, shadows dropped in %llu of %u\n", guest.vm->vcpu_count(),
              static_cast<unsigned long long>(pages), static_cast<double>(copied) / rounds,
              static_cast<unsigned long long>(dropped), rounds);
  print("reset", whole);
  print("  of it registers, devices", state);
  print("  of it finding pages", find);
  print("  of it copying", copy);
  print("floor: ioctls and memcpy", bare);
  std::fflush(stdout);
  return {};
}

Status measure_runs(Guest& guest, Reset& reset, std::chrono::microseconds length, unsigned rounds) {
  Series with;
  Series without;
  Series find;
  std::vector<double> pages;
  for (unsigned i = 0; i < rounds; ++i) {
    RS_TRY(guest.mailbox->set_workload("vcpu=0 run=hugetlb-cycle pages=1 repeat=50"));
    run(*guest.vm, length);
    RS_ASSIGN(const ResetCost cost, reset.run());
    (cost.translations_dropped ? with : without).add(cost.total());
    find.add(cost.log);
    pages.push_back(static_cast<double>(cost.pages_copied));
  }
  std::sort(pages.begin(), pages.end());
  std::printf("%u vCPU, after running for %lld us, %.0f pages copied (median)\n", guest.vm->vcpu_count(),
              static_cast<long long>(length.count()), pages[pages.size() / 2]);
  if (!without.us.empty()) print("reset", without);
  if (!with.us.empty()) print("reset, shadows dropped", with);
  print("  of it finding pages", find);
  std::fflush(stdout);
  return {};
}

Status measure(const Kvm& kvm, const Snapshot& snapshot, DirtyTracking tracking, unsigned cpus, unsigned rounds) {
  RS_ASSIGN(Guest guest, make(kvm, cpus, tracking));
  RS_TRY(snapshot.restore(*guest.vm, *guest.platform));
  RS_ASSIGN(const auto reset, Reset::create(*guest.vm, *guest.platform, snapshot));
  RS_TRY(reset->run());
  Floor floor(*guest.vm, snapshot);
  std::printf("dirty %s\n", tracking == DirtyTracking::log ? "log" : "rings");
  for (const std::uint64_t pages : {0, 16, 64, 256, 1024}) {
    RS_TRY(measure_pages(guest, *reset, floor, pages, rounds));
  }
  for (const int us : {1000, 5000}) {
    RS_TRY(measure_runs(guest, *reset, std::chrono::microseconds(us), std::max(1U, rounds / 4)));
  }
  return {};
}

Status measure_all(const std::string& image, unsigned cpus, unsigned rounds, const std::string& trackings) {
  RS_ASSIGN(const Kvm kvm, Kvm::open());
  RS_ASSIGN(Guest guest, make(kvm, cpus, DirtyTracking::log));
  RS_TRY(load(guest, image));
  run(*guest.vm, std::chrono::seconds(240));
  if (guest.mailbox->guest_version() != RS_ABI_VERSION) return host_error("the guest did not come up");
  RS_ASSIGN(const Snapshot snapshot, Snapshot::take(*guest.vm, *guest.platform));
  if (trackings != "ring") RS_TRY(measure(kvm, snapshot, DirtyTracking::log, cpus, rounds));
  if (trackings != "log") RS_TRY(measure(kvm, snapshot, DirtyTracking::ring, cpus, rounds));
  return {};
}

}  // namespace
}  // namespace remapstorm

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: reset IMAGE-FOLDER CPUS [ROUNDS [log|ring|both]]\n");
    return 64;
  }
  const auto cpus = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
  const auto rounds = argc > 3 ? static_cast<unsigned>(std::strtoul(argv[3], nullptr, 10)) : 1000U;
  const std::string trackings = argc > 4 ? argv[4] : "both";
  const remapstorm::Status status = remapstorm::measure_all(argv[1], cpus, std::max(1U, rounds), trackings);
  if (status.ok()) return 0;
  std::fprintf(stderr, "reset: %s\n", status.error().message.c_str());
  return 1;
}
