// SPDX-License-Identifier: Apache-2.0
#include "harness/stolen_time.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace remapstorm {
namespace {

constexpr auto kBetween = std::chrono::milliseconds(50);

// As QEMU names them with debug-threads=on: "CPU 0/TCG".
bool is_processor(const std::filesystem::path& task) {
  std::ifstream in(task / "comm");
  std::string name;
  return std::getline(in, name) && name.starts_with("CPU ");
}

}  // namespace

void StolenSum::advance(Nanoseconds now, Nanoseconds waited) {
  sum_ += std::min(std::max(waited - waited_, Nanoseconds(0)), now - asked_);
  waited_ = std::max(waited_, waited);
  asked_ = now;
}

Result<std::unique_ptr<StolenTime>> StolenTime::of_threads(const std::string& tasks, const Clock& clock) {
  std::unique_ptr<StolenTime> stolen(new StolenTime(clock));
  std::error_code error;
  for (const auto& task : std::filesystem::directory_iterator(tasks, error)) {
    if (is_processor(task.path())) stolen->processors_.emplace_back(task.path().string());
  }
  if (stolen->processors_.empty()) {
    return host_error(tasks + " has no threads that are processors" + (error ? ": " + error.message() : ""),
                      "it is how the lab learns what the machine outside takes");
  }
  stolen->thread_ = std::thread([&one = *stolen] { one.ask_on(); });
  return stolen;
}

StolenTime::~StolenTime() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  ended_.notify_all();
  if (thread_.joinable()) thread_.join();
}

Nanoseconds StolenTime::waited() const {
  Nanoseconds sum{0};
  for (const RunDelay& processor : processors_) sum += processor.read().value_or(Nanoseconds(0));
  return sum;
}

void StolenTime::ask_on() {
  StolenSum sum(clock_.now(), waited());
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kBetween, [this] { return over_; })) {
    lock.unlock();
    const Nanoseconds waited_now = waited();
    sum.advance(clock_.now(), waited_now);
    stolen_ns_ = sum.sum().count();
    lock.lock();
  }
}

}  // namespace remapstorm
