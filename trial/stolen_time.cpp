// SPDX-License-Identifier: Apache-2.0
#include "trial/stolen_time.h"

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

void StolenSum::advance(Nanoseconds now, std::span<const Nanoseconds> waited) {
  Nanoseconds together{0};
  Nanoseconds longest{0};
  for (std::size_t i = 0; i < std::min(waited.size(), waited_.size()); ++i) {
    const Nanoseconds mine = std::max(waited[i] - waited_[i], Nanoseconds(0));
    together += mine;
    longest = std::max(longest, mine);
    waited_[i] += mine;
  }
  sum_ += std::min(together, std::max(longest, now - asked_));
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
  stolen->had_.resize(stolen->processors_.size());
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

Nanoseconds StolenTime::read() const {
  const std::lock_guard lock(mutex_);
  return stolen_;
}

void StolenTime::append_had(std::vector<Nanoseconds>& had) const {
  const std::lock_guard lock(mutex_);
  had.insert(had.end(), had_.begin(), had_.end());
}

std::vector<Nanoseconds> StolenTime::ask() {
  std::vector<Nanoseconds> waited;
  for (Processor& processor : processors_) {
    // One that cannot be read has had nothing since.
    processor.last = processor.watch.look().value_or(processor.last);
    processor.share.advance(clock_.now(), processor.last);
    waited.push_back(processor.last.waited);
  }
  return waited;
}

void StolenTime::ask_on() {
  StolenSum sum(clock_.now(), ask());
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, kBetween, [this] { return over_; })) {
    lock.unlock();
    const std::vector<Nanoseconds> waited = ask();
    sum.advance(clock_.now(), waited);
    lock.lock();
    stolen_ = sum.sum();
    for (std::size_t i = 0; i < processors_.size(); ++i) had_[i] = processors_[i].share.had();
  }
}

}  // namespace remapstorm
