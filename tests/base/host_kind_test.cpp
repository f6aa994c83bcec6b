// SPDX-License-Identifier: Apache-2.0
#include "base/host_kind.h"

#include <gtest/gtest.h>

namespace remapstorm {
namespace {

TEST(HostKinds, EachHasItsWord) {
  for (const HostKind kind : {HostKind::hardware, HostKind::interpreting}) {
    EXPECT_EQ(host_kind(host_kind_name(kind)), kind);
  }
  EXPECT_EQ(host_kind("lab:x86"), HostKind::lab);
  EXPECT_EQ(lab_kind("lab:x86"), "x86");
  EXPECT_EQ(lab_architecture("lab:x86"), "x86_64");
  EXPECT_EQ(lab_architecture("lab:arm64"), "arm64");
  EXPECT_EQ(lab_architecture("kvm-hardware"), "");
}

TEST(HostKinds, AnyOtherWordIsUnknown) {
  for (const char* word : {"", "kvm", "kvm-", "lab", "lab:", "hardware", "xen"}) {
    EXPECT_EQ(host_kind(word), HostKind::unknown) << word;
    EXPECT_EQ(lab_kind(word), "") << word;
  }
}

}  // namespace
}  // namespace remapstorm
