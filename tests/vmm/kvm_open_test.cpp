// SPDX-License-Identifier: Apache-2.0
// What a person is told when /dev/kvm cannot be used. Needs no KVM.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/fd.h"
#include "vmm/kvm.h"

namespace remapstorm {
namespace {

TEST(KvmOpen, AMissingDeviceIsUnavailableWithAHint) {
  const auto kvm = Kvm::open("/nonexistent/kvm");
  ASSERT_FALSE(kvm.ok());
  EXPECT_EQ(kvm.error().kind, ErrorKind::unavailable);
  EXPECT_NE(kvm.error().message.find("/nonexistent/kvm"), std::string::npos);
  EXPECT_NE(kvm.error().hint.find("virtualization"), std::string::npos);
}

TEST(KvmOpen, NoPermissionPointsToTheGroupAndNeverToChmod) {
  char path[] = "/tmp/remapstorm-test-XXXXXX";
  const Fd file(::mkstemp(path));
  ASSERT_TRUE(file.valid());
  ASSERT_EQ(::fchmod(file.get(), 0), 0);
  // Root passes permission checks, so this part drops to nobody in a child.
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && (::setegid(65534) != 0 || ::seteuid(65534) != 0)) std::_Exit(2);
        const auto kvm = Kvm::open(path);
        const bool good = !kvm.ok() && kvm.error().kind == ErrorKind::unavailable &&
                          kvm.error().hint.find("group kvm") != std::string::npos &&
                          kvm.error().hint.find("chmod") == std::string::npos;
        std::_Exit(good ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "");
  ::unlink(path);
}

TEST(KvmOpen, SomethingThatIsNoKvmIsUnavailable) {
  const auto kvm = Kvm::open("/dev/null");
  ASSERT_FALSE(kvm.ok());
  EXPECT_EQ(kvm.error().kind, ErrorKind::unavailable);
  EXPECT_NE(kvm.error().hint.find("not a KVM device"), std::string::npos);
}

}  // namespace
}  // namespace remapstorm
