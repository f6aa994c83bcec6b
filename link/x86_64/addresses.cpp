// SPDX-License-Identifier: Apache-2.0
#include "link/addresses.h"

#include "guest/abi/remapstorm_abi.h"
#include "link/guest_devices.h"

namespace remapstorm {

const std::uint64_t kDoorbellAddress = RS_DOORBELL_PORT;
const std::uint64_t kWorkloadAddress = RS_WORKLOAD_PORT;

// The ABI's numbers are all that the driver needs.
std::vector<DescribedDevice> described_devices(unsigned /*vcpus*/) { return {}; }

}  // namespace remapstorm
