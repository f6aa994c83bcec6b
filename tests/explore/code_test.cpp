// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "results/code_owner.h"

namespace remapstorm {
namespace {

constexpr Gva kStack(0xffffc90000012000);

TEST(CodeOwners, AreTheFunctionsOfTheSeriesAndTheRest) {
  CodeReader reader;
  EXPECT_EQ(reader.owner("rs_update_broken", "mov rax, qword ptr [rbx + 0x18]", kStack), CodeOwner::strategy);
  EXPECT_EQ(reader.owner("vmemmap_update_pte", "ret", kStack), CodeOwner::strategy);
  EXPECT_EQ(reader.owner("rs_await", "pause", kStack), CodeOwner::strategy);
  EXPECT_EQ(reader.owner("rs_flush_all_cpus.constprop.0", "ret", kStack), CodeOwner::strategy);
  EXPECT_EQ(reader.owner("vmemmap_remap_pte", "ret", kStack), CodeOwner::kernel);
  EXPECT_EQ(reader.owner("native_apic_msr_write", "wrmsr", kStack), CodeOwner::kernel);
  EXPECT_EQ(reader.owner("", "(not mapped)", kStack), CodeOwner::kernel);
}

TEST(CodeOwners, WhatLogsIsOursWithAllItCalls) {
  CodeReader reader;
  EXPECT_EQ(reader.owner("__rs_probe", "push rbp", kStack), CodeOwner::harness);
  EXPECT_EQ(reader.owner("rs_log", "pushfq", Gva(kStack.value - 64)), CodeOwner::harness);
  EXPECT_EQ(reader.owner("__sw_hweight64", "ret", Gva(kStack.value - 128)), CodeOwner::harness) << "called from there";
  EXPECT_EQ(reader.owner("__rs_probe", "ret", kStack), CodeOwner::harness);
  EXPECT_EQ(reader.owner("rs_update_broken", "mov rax, rbx", Gva(kStack.value + 8)), CodeOwner::strategy);
  EXPECT_EQ(reader.owner("__sw_hweight64", "ret", Gva(kStack.value - 128)), CodeOwner::kernel)
      << "called from elsewhere";
}

TEST(CodeOwners, TheTestOfASilentProbeIsOursUpToItsJump) {
  CodeReader reader;
  EXPECT_EQ(reader.owner("rs_flush_all_cpus", "mov rax, qword ptr [rip + 0x497d18] <rs_quiet>", kStack),
            CodeOwner::harness);
  EXPECT_EQ(reader.owner("rs_flush_all_cpus", "mov rax, qword ptr [rax]", kStack), CodeOwner::harness);
  EXPECT_EQ(reader.owner("rs_flush_all_cpus", "test al, 0x20", kStack), CodeOwner::harness);
  EXPECT_EQ(reader.owner("rs_flush_all_cpus", "je 0xffffffff811c8b8e <rs_flush_all_cpus+0x17e>", kStack),
            CodeOwner::harness);
  EXPECT_EQ(reader.owner("rs_flush_all_cpus", "mov rdx, qword ptr [rip + 0x58a616] <others.0>", kStack),
            CodeOwner::strategy);
  EXPECT_EQ(reader.owner("rs_update_broken", "rdtsc", kStack), CodeOwner::harness) << "bbm.window's";
  EXPECT_EQ(reader.owner("sched_clock", "rdtsc", kStack), CodeOwner::kernel);
}

}  // namespace
}  // namespace remapstorm
