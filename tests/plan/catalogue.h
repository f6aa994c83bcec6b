// SPDX-License-Identifier: Apache-2.0
// A catalogue with every kind of parameter, so that the reader is tested without the real injectors.
#pragma once

#include "plan/scenario.h"

namespace remapstorm {

inline Vocabulary test_vocabulary() {
  using Kind = ParameterSpec::Kind;
  const auto spec = [](const char* name, Kind kind) {
    ParameterSpec one;
    one.name = name;
    one.kind = kind;
    return one;
  };
  ParameterSpec via = spec("via", Kind::choice);
  via.choices = {"msi", "line"};
  via.elsewhere = {{"spi", "arm64"}};
  via.fallback = std::string("msi");
  ParameterSpec vcpu = spec("vcpu", Kind::vcpu);
  vcpu.fallback = kHitVcpu;
  ParameterSpec for_ms = spec("for_ms", Kind::milliseconds);
  for_ms.minimum = 0.001;
  for_ms.maximum = 60'000;
  ParameterSpec page = spec("page", Kind::page);
  page.choices = {"pte-page", "vmemmap-page"};
  page.required = true;
  ParameterSpec count = spec("count", Kind::integer);
  count.minimum = 1;
  count.maximum = 9;
  InjectorSpec meteor = {"meteor", "", {}};
  meteor.architecture = "arm64";
  return make_vocabulary(
      {{"irq", "", {via, vcpu}, {}},
       {"hold", "", {vcpu, for_ms, spec("until", Kind::condition)}, {{"for_ms", "until"}}},
       {"delay", "", {page, for_ms, count, spec("loud", Kind::boolean), spec("why", Kind::text)}, {}},
       meteor});
}

// A scenario file without mistakes; tests replace parts of it.
inline const char* kGoodScenario = R"(name = "mine"
summary = "what it shows"
strategy = "bbm-fault"
strategies = ["bbm-fault", "inplace"]

[machine]
cpus = 2
memory = "256M"

[[workload]]
vcpu = 0
run = "hugetlb-cycle"
pages = 4
repeat = 2

[[workload]]
vcpu = 1
run = "read-target"

[[rule]]
name = "first"
when = { probe = "bbm.break", level = "pte", nth = 3, context = "task", vcpu = 0 }
do = { inject = "irq", via = "line", vcpu = 1 }

[[rule]]
name = "meet"
when = { at = "vmemmap_fault+0x1c", after = "first", max = 2 }
do = { inject = "hold", vcpu = "hit", until = { probe = "bbm.make", vcpu = 0, where = { level = 1 } } }

[expect]
verdict = "deadlock"
lock = "init_mm.page_table_lock"
waiter_context = "hardirq"
backtrace = ["rs_vmemmap_fault"]
injections = { irq = 1 }
rules = { meet = 1 }

[expect.strategy.inplace]
verdict = "clean"
)";

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? "the test's pattern is not there: " + from : text.replace(at, from.size(), to);
}

}  // namespace remapstorm
