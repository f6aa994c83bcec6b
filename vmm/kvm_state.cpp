// SPDX-License-Identifier: Apache-2.0
#include "vmm/kvm_state.h"

#include <algorithm>

#include "vmm/arch/host_kvm.h"

namespace remapstorm {
namespace {

void compare_items(const std::vector<StateItem>& want, const std::vector<StateItem>& have, const std::string& owner,
                   std::vector<Difference>& out) {
  for (const StateItem& item : want) {
    const std::string where = owner + std::string(host_kvm::state_name(item.kind));
    const StateItem* other = find_item(have, item.kind);
    if (other == nullptr) {
      out.push_back({where, "is missing"});
      continue;
    }
    for (std::string& what : host_kvm::compare_item(item.kind, item.bytes, other->bytes)) {
      out.push_back({where, std::move(what)});
    }
  }
}

}  // namespace

const StateItem* find_item(const std::vector<StateItem>& items, std::uint16_t kind) {
  const auto found = std::find_if(items.begin(), items.end(), [&](const StateItem& item) { return item.kind == kind; });
  return found == items.end() ? nullptr : &*found;
}

std::vector<Difference> compare_states(const KvmState& want, const KvmState& have) {
  std::vector<Difference> out;
  compare_items(want.vm, have.vm, "", out);
  for (std::size_t i = 0; i < std::min(want.vcpus.size(), have.vcpus.size()); ++i) {
    compare_items(want.vcpus[i], have.vcpus[i], "vcpu " + std::to_string(i) + ", ", out);
  }
  if (want.vcpus.size() != have.vcpus.size()) out.push_back({"vCPUs", "their number differs"});
  return out;
}

}  // namespace remapstorm
