// SPDX-License-Identifier: Apache-2.0
// What a person is told when /dev/kvm cannot be used. Needs no KVM.
#include <grp.h>
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

// Root passes permission checks and chooses groups, so this is for a child that then is nobody.
void expect_hint(const Fd& file, const std::string& path, gid_t gid, mode_t mode, const std::string& words) {
  if (::geteuid() == 0) {
    ASSERT_EQ(::fchown(file.get(), 0, gid), 0);
  } else if (gid != 0 || mode != 0600) {
    return;  // nobody but root gives files away
  }
  ASSERT_EQ(::fchmod(file.get(), ::geteuid() == 0 ? mode : 0), 0);
  EXPECT_EXIT(
      {
        if (::geteuid() == 0 && (::setgroups(0, nullptr) != 0 || ::setegid(65534) != 0 || ::seteuid(65534) != 0)) {
          std::_Exit(2);
        }
        const auto kvm = Kvm::open(path);
        const bool good = !kvm.ok() && kvm.error().kind == ErrorKind::unavailable &&
                          kvm.error().hint.find(words) != std::string::npos &&
                          kvm.error().hint.find("chmod") == std::string::npos;
        std::_Exit(good ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "")
      << gid << " " << std::oct << mode;
}

// A group that may use it, one that may not, and one that has no name.
TEST(KvmOpen, NoPermissionPointsToTheGroupIfThatHelpsAndNeverToChmod) {
  char path[] = "/tmp/remapstorm-test-XXXXXX";
  const Fd file(::mkstemp(path));
  ASSERT_TRUE(file.valid());
  const group* daemons = ::getgrnam("daemon");
  ASSERT_NE(daemons, nullptr) << "every Debian has that group";
  expect_hint(file, path, daemons->gr_gid, 0660, "member of group daemon");
  expect_hint(file, path, daemons->gr_gid, 0600, "no group helps");
  expect_hint(file, path, 54321, 0660, "no group helps");
  expect_hint(file, path, 0, 0600, "no group helps");
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
