# SPDX-License-Identifier: Apache-2.0
"""Dependencies between folders point one way, along two lines that meet in trial/: base <- vmm <- link <- injectors <- trial <-
campaign <- cli, and base <- telemetry <- plan <- results <- report <- cli; plan is below injectors, results below trial.
Every #include "..." is checked against that."""
import importlib.machinery
import importlib.util
import re
import unittest
from pathlib import Path

from repository import TREE, relative, text_of, tracked

ABI = "guest/abi"
PURE = {"base", ABI, "telemetry", "plan", "results"}  # nothing of KVM
GUESTS = PURE | {"vmm", "link", "injectors", "trial"}
ALLOWED = {
    "base": {"base"},
    "vmm": {"vmm", "base"},
    "link": {"link", "vmm", "base", ABI},
    "telemetry": {"telemetry", "base", ABI},
    "plan": {"plan", "telemetry", "base", ABI},
    "injectors": {"injectors", "plan", "link", "vmm", "base", ABI},
    "results": PURE,
    "trial": GUESTS,
    "campaign": GUESTS | {"campaign"},
    "report": PURE | {"report"},
    "cli": GUESTS | {"campaign", "report", "cli"},
    "bench": GUESTS | {"campaign", "bench"},
    "guest": {ABI},
    "tests": None,  # may look at everything
}
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
# Which architecture it is is known in vmm/arch alone; the rest takes facts of it (vmm/arch/arch.h).
ASKS_ARCHITECTURE = re.compile(r"\bIsa::(x86_64|arm64)\b|\b(?:isa|isa_|kHostIsa)\s*[=!]=|[=!]=\s*kHostIsa\b|"
                               r"\b(?:x86_64|arm64)::|\b[kc]r3\b|\b(?:rd|wr)?msrs?\b|apic|0xfff0\b|0x0*f{9,10}000", re.IGNORECASE)
COMMENT_OR_TEXT = re.compile(r'//[^\n]*|"(?:\\.|[^"\\\n])*"')
ARCHITECTURE_IF = re.compile(r"^\s*#\s*(?:el)?ifn?(?:def)?\b.*\b(__x86_64__|__aarch64__|__i386__)", re.MULTILINE)
INJECTOR = re.compile(r"^InjectorInfo \w+_injector\(\) \{", re.MULTILINE)


def folder_of(path):
    return ABI if path.startswith(ABI + "/") else path.split("/")[0]


def violations(files):
    """`files`: {path relative to the tree: text}. One line for each include that points the wrong way."""
    found = []
    injectors = {str(Path(path).with_suffix(".h")) for path, text in files.items()
                 if path.startswith("injectors/") and INJECTOR.search(text)}
    for path, text in sorted(files.items()):
        folder = path.split("/")[0]
        if folder not in ALLOWED:
            found.append(f"{path}: the folder {folder}/ is not in the list of tests/house/include_direction_test.py")
            continue
        if ARCHITECTURE_IF.search(text) and not path.startswith(("vmm/arch/", ABI, "guest/", "tests/")):
            found.append(f"{path}: #if on the architecture outside vmm/arch and {ABI}")
        if ALLOWED[folder] is None:
            continue
        if not path.startswith(("vmm/arch/", "link/", "bench/", ABI, "guest/")):
            code = COMMENT_OR_TEXT.sub("", text)
            for asked in sorted({match.group(0) for match in ASKS_ARCHITECTURE.finditer(code)}):
                found.append(f"{path}: '{asked}' belongs into vmm/arch")
        for included in INCLUDE.findall(text):
            if "/" not in included:
                # A neighbour by its bare name; only the guest, which is C and built elsewhere, does so.
                if folder != "guest":
                    found.append(f"{path}: include \"{included}\" by its path from the top of the tree")
                continue
            target = folder_of(included)
            if target not in ALLOWED[folder] and not (folder == "guest" and "remapstorm_abi.h" in included):
                found.append(f"{path}: {folder} must not include {included}")
            if path.startswith("telemetry/detectors/") and target == "vmm":
                found.append(f"{path}: a detector sees only events, never {included}")
            if included in injectors and Path(path).stem != Path(included).stem and folder == "injectors":
                found.append(f"{path}: an injector must not use another injector, {included}")
            for one, other in (("x86_64", "arm64"), ("arm64", "x86_64")):
                if path.startswith(f"vmm/arch/{one}/") and included.startswith(f"vmm/arch/{other}/"):
                    found.append(f"{path}: {one} must not include {included}")
    return found


class IncludeDirection(unittest.TestCase):
    def test_the_picture_shows_these_layers(self):
        path = TREE / "tools/architecture-picture"
        loader = importlib.machinery.SourceFileLoader("architecture_picture", str(path))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader("architecture_picture", loader))
        loader.exec_module(module)
        self.assertEqual((TREE / "docs/architecture.svg").read_text(), module.picture(), f"{path} > docs/architecture.svg")
        self.assertEqual(set(module.ROWS), {folder for folder, allowed in ALLOWED.items()
                                            if allowed and folder not in ("bench", "guest")})
        for below, above in module.EDGES:
            self.assertIn(below, ALLOWED[above], f"{above} may not include {below}")

    def test_the_tree(self):
        files = {relative(file): text_of(file) for file in tracked(".h", ".cpp", ".c")}
        self.assertGreater(len(files), 20, f"hardly any source found in {TREE}")
        self.assertEqual(violations(files), [])

    def test_a_seeded_violation_is_found(self):
        wrong = {
            "base/x.cpp": '#include "vmm/kvm.h"\n',
            "vmm/x.cpp": '#include "telemetry/event.h"\n',
            "telemetry/x.h": '  #  include "vmm/vm.h"\n',
            "vmm/y.cpp": '#include "guest/abi/remapstorm_abi.h"\n',
            "link/x.cpp": '#include "injectors/injector.h"\n',
            "injectors/x.cpp": '#include "trial/machine.h"\n',
            "plan/x.cpp": '#include "results/trial_result.h"\n',
            "results/x.cpp": '#include "vmm/symbols.h"\n',
            "trial/x.cpp": '#include "campaign/worker_pool.h"\n',
            "campaign/x.cpp": '#include "cli/command.h"\n',
            "report/x.cpp": '#include "trial/trial.h"\n',
            "bench/x.cpp": '#include "report/report.h"\n',
            "guest/agent/x.c": '#include "../../vmm/kvm.h"\n',
            "vmm/arch/arm64/x.cpp": '#include "vmm/arch/x86_64/msr.h"\n',
            "vmm/x.h": "#ifdef __x86_64__\n#endif\n",
            "trial/isa.cpp": "bool arm() { return kHostIsa == Isa::arm64; }\n",
            "campaign/mask.cpp": "auto page = entry & 0x000ffffffffff000ULL;\n",
            "vmm/msr.h": "Result<std::uint64_t> msr(std::uint32_t index);\n",
            "attic/x.cpp": "\n",
            "vmm/bare.cpp": '#include "kvm.h"\n',
        }
        found = violations(wrong)
        for path in wrong:
            self.assertTrue(any(line.startswith(path + ":") for line in found), f"{path} was not found: {found}")

    def test_an_injector_that_uses_another_is_found(self):
        files = {
            "injectors/irq.cpp": "InjectorInfo irq_injector() {\n}\n",
            "injectors/nmi.cpp": '#include "injectors/irq.h"\nInjectorInfo nmi_injector() {\n}\n',
        }
        self.assertEqual(len(violations(files)), 1)

    def test_what_is_right_is_left_alone(self):
        right = {
            "vmm/x.cpp": '#include "base/fd.h"\n#include <vector>\n',
            "link/x.cpp": '#include "vmm/vm.h"\n#include "guest/abi/remapstorm_abi.h"\n',
            "cli/x.cpp": '#include "report/report.h"\n#include "vmm/kvm.h"\n',
            "vmm/arch/x86_64/x.cpp": "#if defined(__x86_64__)\n#endif\n",
            "vmm/y.cpp": "// x86: CR3\nauto w = walk(kHostIsa, space);\n",
            "guest/agent/x.c": '#include "workload.h"\n#include "../abi/remapstorm_abi.h"\n',
        }
        self.assertEqual(violations(right), [])


if __name__ == "__main__":
    unittest.main()
