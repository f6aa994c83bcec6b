// SPDX-License-Identifier: Apache-2.0
// hold: keep a vCPU where it is, for a time or until another trigger fires. hard: it is not run at all, as if its host
// thread had been preempted. soft: the guest spins where it rang, with interrupts as they are, so that IPIs are still
// answered.
#include "injectors/test_interrupt.h"

namespace remapstorm {
namespace {

class HoldInjector final : public Injector {
 public:
  explicit HoldInjector(const Parameters& parameters) : parameters_(parameters) {}

  Result<Receipt> fire(const Hit& hit, GuestControl& guest) override {
    const auto vcpu = static_cast<unsigned>(parameters_.vcpu("vcpu", static_cast<int>(hit.vcpu)));
    if (vcpu >= guest.vcpu_count())
      return usage_error("vCPU " + std::to_string(vcpu) + " does not exist in this guest");
    HoldRequest request;
    request.soft = parameters_.text("mode", "hard") == "soft";
    if (request.soft && vcpu != hit.vcpu) {
      return usage_error("a soft hold takes effect where the guest rings: it can only hold the vCPU that triggered it");
    }
    if (const auto* until = parameters_.get<EventPattern>("until")) request.until = *until;
    request.length = parameters_.length(request.until ? "at_most_ms" : "for_ms", std::chrono::seconds(10));
    request.token = guest.new_token();
    RS_TRY(guest.hold(vcpu, request));

    Receipt receipt;
    receipt.token = request.token;
    receipt.target_vcpu = static_cast<int>(vcpu);
    receipt.detail = std::string(request.soft ? "soft" : "hard") + (request.until ? ", until met" : "");
    receipt.requested = request.until ? Nanoseconds(0) : request.length;
    return receipt;
  }

 private:
  Parameters parameters_;
};

ParameterSpec milliseconds(const char* name, const char* summary) {
  ParameterSpec spec;
  spec.name = name;
  spec.kind = ParameterSpec::Kind::milliseconds;
  spec.minimum = 0.001;
  spec.maximum = kLongestInjectionMs;
  spec.summary = summary;
  return spec;
}

}  // namespace

InjectorInfo hold_injector() {
  ParameterSpec mode;
  mode.name = "mode";
  mode.kind = ParameterSpec::Kind::choice;
  mode.choices = {"hard", "soft"};
  mode.fallback = std::string("hard");
  mode.summary = "hard: the vCPU is not run; soft: the guest spins with interrupts as they are";
  ParameterSpec until;
  until.name = "until";
  until.kind = ParameterSpec::Kind::condition;
  until.summary = "let go when this happens";
  InjectorInfo info{
      {"hold",
       "keep a vCPU where it is",
       {mode, milliseconds("for_ms", "how long"),
        milliseconds(kLongestOfTrial, "with for_ms: each trial draws a length between the two, by its seed"), until,
        milliseconds("at_most_ms",
                     "with until: give up after this long (10000 if not given); the trial is then an error"),
        vcpu_parameter()},
       {{"for_ms", "until"}}},
      make_injector<HoldInjector>};
  info.spec.ranges = {{"for_ms", kLongestOfTrial}};
  return info;
}

}  // namespace remapstorm
