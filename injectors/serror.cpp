// SPDX-License-Identifier: Apache-2.0
// serror: an asynchronous error of memory or of the bus, as a processor with FEAT_RAS reports it (Arm ARM D19.2.37,
// ESR_EL1 for an SError). Taken at the next instruction boundary unless an exception is being entered or left.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "injectors/injector.h"

namespace remapstorm {
namespace {

// ISS of an SError: AET in bits 12:10, DFSC 0x11.
constexpr std::uint32_t severity(std::uint32_t aet) { return aet << 10 | 0x11; }
constexpr std::pair<const char*, std::uint32_t> kSeverities[] = {
    {"uncontainable", severity(0)}, {"unrecoverable", severity(1)}, {"restartable", severity(2)},
    {"recoverable", severity(3)},   {"corrected", severity(6)},
};

class SerrorInjector final : public Injector {
 public:
  explicit SerrorInjector(const Parameters& parameters)
      : severity_(parameters.text("severity", std::begin(kSeverities)->first)) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    const auto* found = std::find_if(std::begin(kSeverities), std::end(kSeverities),
                                     [&](const auto& one) { return one.first == severity_; });
    RS_CHECK(found != std::end(kSeverities), "a severity that the scenario reader let through");
    Receipt receipt;
    receipt.token = guest.new_token();
    receipt.target_vcpu = static_cast<int>(hit.vcpu);
    receipt.detail = severity_;
    RS_TRY(guest.serror(hit.vcpu, found->second, receipt.token));
    return receipt;
  }

 private:
  std::string severity_;
};

}  // namespace

InjectorInfo serror_injector() {
  ParameterSpec severity;
  severity.name = "severity";
  severity.kind = ParameterSpec::Kind::choice;
  for (const auto& [name, value] : kSeverities) severity.choices.emplace_back(name);
  severity.fallback = std::string(std::begin(kSeverities)->first);
  severity.summary = "what the processor says of it: Linux goes on after restartable and corrected ones";
  InjectorInfo info{{"serror", "report an asynchronous error of memory on the vCPU that triggered", {severity}},
                    make_injector<SerrorInjector>};
  info.spec.architecture = "arm64";
  return info;
}

}  // namespace remapstorm
