// SPDX-License-Identifier: Apache-2.0
#include "trial/guest_image.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

class GuestImage : public ::testing::Test {
 protected:
  // A folder as guest/build.sh leaves it; `age` seconds old.
  std::string make(const std::string& name, const std::string& flavour, int age) {
    const fs::path directory = folder_.path() / "guest" / name;
    fs::create_directories(directory);
    std::ofstream(directory / "manifest.json")
        << R"({"schema": 1, "flavour": ")" << flavour << R"(", "kernel_version": "6.12.117", "hash": ")" << name
        << R"(", "config_sha256": "c", "series_sha256": "s", "vmlinux_sha256": "k)" << name
        << R"(", "initramfs_sha256": "i",)"
        << R"( "strategies": ["inplace"]})";
    for (const char* file : {"vmlinux", "initramfs.cpio"}) std::ofstream(directory / file) << "x";
    fs::last_write_time(directory / "manifest.json", fs::file_time_type::clock::now() - std::chrono::seconds(age));
    return directory.string();
  }
  Result<GuestImageInfo> find(const std::string& flavour, const SameBytes& wanted = {}) {
    const Environment environment = [this](const std::string& name) -> std::optional<std::string> {
      const auto found = variables_.find(name);
      if (found == variables_.end()) return std::nullopt;
      return found->second;
    };
    return find_guest_image({folder_.path().string(), ""}, environment, flavour, wanted);
  }

  TemporaryFolder folder_;
  std::map<std::string, std::string> variables_;
};

TEST_F(GuestImage, NoneIsUnavailableAndSaysHowToGetOne) {
  const Result<GuestImageInfo> image = find("std");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::unavailable);
  EXPECT_NE(image.error().hint.find("guest build --flavour std"), std::string::npos);
}

TEST_F(GuestImage, TheNewestOfTheFlavourIsTaken) {
  make("std-old", "std", 100);
  const std::string wanted = make("std-new", "std", 10);
  make("rt-newer", "rt", 1);
  const Result<GuestImageInfo> image = find("std");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->directory, wanted);
}

TEST_F(GuestImage, ThoseForAnotherMachineAreNone) {
  const std::string wanted = make("std-mine", "std", 100);
  const std::string other = make("std-other", "std", 1);
  std::ofstream(other + "/manifest.json")
      << R"({"schema": 1, "flavour": "std", "architecture": "riscv64", "kernel_version": "6.12.117", "hash": "h",)"
      << R"( "config_sha256": "c", "series_sha256": "s", "vmlinux_sha256": "k", "initramfs_sha256": "i",)"
      << R"( "strategies": ["inplace"]})";
  EXPECT_EQ(find("std")->directory, wanted);
  variables_["REMAPSTORM_IMAGE_STD"] = other;
  const Result<GuestImageInfo> image = find("std");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::usage);
  EXPECT_NE(image.error().message.find("riscv64"), std::string::npos) << image.error().message;
}

TEST_F(GuestImage, ItsCommandLineIsKnown) {
  const std::string directory = make("std-one", "std", 1);
  EXPECT_EQ(find("std")->command_line, "");
  fs::create_directories(directory + "/cmdline");
  std::ofstream(directory + "/cmdline/common") << "# why\npanic=-1\noops=panic\n";
  EXPECT_EQ(find("std")->command_line, "panic=-1 oops=panic");
}

TEST_F(GuestImage, TheVariableWins) {
  const std::string wanted = make("std-old", "std", 100);
  make("std-new", "std", 10);
  variables_["REMAPSTORM_IMAGE_STD"] = wanted;
  const Result<GuestImageInfo> image = find("std");
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->directory, wanted);
}

TEST_F(GuestImage, TheOneWithTheHashesThatALineAsksForComesFirst) {
  const std::string wanted = make("std-old", "std", 100);
  const std::string usual = make("std-new", "std", 10);
  SameBytes same;
  same.kernel = "kstd-ol";
  EXPECT_EQ(find("std", same)->directory, wanted);
  variables_["REMAPSTORM_IMAGE_STD"] = usual;
  EXPECT_EQ(find("std", same)->directory, wanted) << "also before the one of the sources";
  EXPECT_TRUE(is_wanted(*find("std", same), same));
  // Where it is gone the usual one comes, and whoever asked refuses it.
  same.kernel = "kstd-gone";
  EXPECT_EQ(find("std", same)->directory, usual);
  EXPECT_FALSE(is_wanted(*find("std", same), same));
  // The kernel of a line with --kernel is not the image's.
  EXPECT_EQ(find("std", wanted_of_image(same, {"/my/vmlinux", ""}))->directory, usual);
}

TEST_F(GuestImage, AVariableThatNamesNoImageIsAMistakeNotAReasonToTakeAnother) {
  make("std-new", "std", 10);
  variables_["REMAPSTORM_IMAGE_STD"] = folder_.file("elsewhere");
  const Result<GuestImageInfo> image = find("std");
  ASSERT_FALSE(image.ok());
  EXPECT_EQ(image.error().kind, ErrorKind::usage);
  EXPECT_NE(image.error().message.find("REMAPSTORM_IMAGE_STD"), std::string::npos) << image.error().message;
}

TEST_F(GuestImage, IncompleteAndForeignFoldersArePassedOver) {
  const std::string wanted = make("std-good", "std", 100);
  const std::string incomplete = make("std-incomplete", "std", 10);
  fs::remove(incomplete + "/vmlinux");
  std::ofstream(make("std-foreign", "std", 5) + "/manifest.json") << "not json";
  fs::create_directories(folder_.path() / "guest" / ".build-std-1");
  const Result<GuestImageInfo> image = find("std");
  ASSERT_TRUE(image.ok()) << image.error().message;
  EXPECT_EQ(image->directory, wanted);
  EXPECT_EQ(list_guest_images({folder_.path().string(), ""}).size(), 3U) << "a build in progress is no image";
}

TEST(ImageVariable, IsMadeOfTheFlavour) {
  EXPECT_EQ(image_variable("std"), "REMAPSTORM_IMAGE_STD");
  EXPECT_EQ(image_variable("lockdep"), "REMAPSTORM_IMAGE_LOCKDEP");
}

}  // namespace
}  // namespace remapstorm
