// SPDX-License-Identifier: Apache-2.0
#include "trial/booted_guests.h"

#include <nlohmann/json.hpp>

#include "base/nesting.h"

namespace remapstorm {
namespace {

// One for each strategy of a comparison; more come back from the disk.
constexpr std::size_t kMostKnown = 4;

}  // namespace

std::string note_of(const MachineSnapshot& snapshot) {
  nlohmann::json tails = nlohmann::json::array();
  for (const RingReader& reader : snapshot.rings) tails.push_back(reader.tail());
  return nlohmann::json{{"counter", snapshot.counter}, {"ring_tails", std::move(tails)}}.dump();
}

Result<MachineSnapshot> with_note(StoredSnapshot stored, unsigned cpus, std::uint64_t counter_khz) {
  try {
    if (json_nests_too_deeply(stored.note)) return usage_error("damaged: its note is nested too deeply");
    const auto note = nlohmann::json::parse(stored.note);
    MachineSnapshot snapshot{std::move(stored.snapshot), {}, note.at("counter").get<std::uint64_t>()};
    const auto tails = note.at("ring_tails").get<std::vector<std::uint64_t>>();
    if (tails.size() != cpus) return usage_error("damaged: it has rings of " + std::to_string(tails.size()) + " vCPUs");
    for (unsigned vcpu = 0; vcpu < cpus; ++vcpu) {
      snapshot.rings.emplace_back(vcpu, counter_khz);
      snapshot.rings.back().start_at(tails[vcpu]);
    }
    return snapshot;
  } catch (const nlohmann::json::exception& error) {
    return usage_error(std::string("damaged: ") + error.what());
  }
}

BootIdentity BootedGuests::identity_of(const MachineConfig& config) const {
  BootIdentity identity = common_;
  identity.command_line = config.command_line;
  identity.cpus = config.cpus;
  identity.memory = config.memory;
  if (config.cpu.bbm) identity.cpu = "FEAT_BBM " + std::to_string(*config.cpu.bbm);
  return identity;
}

const MachineSnapshot* BootedGuests::find(const MachineConfig& config) {
  const BootIdentity identity = identity_of(config);
  const std::string name = identity.file_name();
  if (const auto known = known_.find(name); known != known_.end()) return &known->second;
  SnapshotStore::Found found = store_.find(identity);
  if (!found.refused.empty()) tell_("this guest boots; its snapshot is not used: " + found.refused);
  if (!found.snapshot) return nullptr;
  Result<MachineSnapshot> whole = with_note(*std::move(found.snapshot), config.cpus, khz_);
  if (!whole) {
    drop(config, whole.error().message);
    return nullptr;
  }
  if (known_.size() >= kMostKnown) known_.clear();
  return &known_.emplace(name, std::move(whole).value()).first->second;
}

void BootedGuests::keep(const MachineConfig& config, MachineSnapshot snapshot) {
  const BootIdentity identity = identity_of(config);
  if (const Status kept = store_.keep(identity, snapshot.guest, note_of(snapshot)); !kept) {
    tell_("later runs have to boot this guest again: " + kept.error().message);
  }
  if (known_.size() >= kMostKnown) known_.clear();
  known_.insert_or_assign(identity.file_name(), std::move(snapshot));
}

void BootedGuests::drop(const MachineConfig& config, const std::string& why) {
  const BootIdentity identity = identity_of(config);
  known_.erase(identity.file_name());
  store_.drop(identity);
  tell_("this guest boots; its snapshot is not used: " + why);
}

}  // namespace remapstorm
