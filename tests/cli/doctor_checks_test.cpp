// SPDX-License-Identifier: Apache-2.0
#include "cli/doctor_checks.h"

#include <gtest/gtest.h>

#include "results/exit_code.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

TEST(AvailableMemory, ReadsMeminfo) {
  EXPECT_EQ(available_memory("MemTotal:  5 kB\nMemAvailable:   2048 kB\n"), 2048U * 1024);
  EXPECT_EQ(available_memory("MemTotal:  5 kB\n"), 0U);
  EXPECT_EQ(available_memory("MemAvailable:"), 0U);
  EXPECT_EQ(available_memory("MemAvailable:   many kB\n"), 0U);
}

TEST(MissingPackages, OnlyWhatIsWantedAndNotInstalled) {
  const char* list = "# comment\n\ncmake run builds\nbc run counts\nclang-tidy test lint\nflex run lexes\n";
  const char* status =
      "Package: cmake\nStatus: install ok installed\nVersion: 1\n\n"
      "Package: bc\nStatus: deinstall ok config-files\n\n"
      "Package: other\nStatus: install ok installed\n";
  EXPECT_EQ(missing_packages(list, status, "run"), (std::vector<std::string>{"bc", "flex"}));
  EXPECT_EQ(missing_packages(list, status, "test"), (std::vector<std::string>{"clang-tidy"}));
  EXPECT_TRUE(missing_packages("", status, "run").empty());
}

TEST(CheckDisk, LooksAtTheNearestFolderThatExists) {
  const TemporaryFolder folder;
  const Check check = check_disk("cache", folder.file("not/yet/there"), 1);
  EXPECT_EQ(check.state, Check::State::good) << check.finding;
}

TEST(CheckDisk, TooLittleSpaceIsAWarningWithAHint) {
  const TemporaryFolder folder;
  const Check check = check_disk("cache", folder.path(), ~0ULL);
  EXPECT_EQ(check.state, Check::State::warning);
  EXPECT_NE(check.hint.find("REMAPSTORM_CACHE"), std::string::npos);
}

TEST(CheckDisk, AFolderNobodyCanWriteToStopsTheMainJob) {
  const Check check = check_disk("state", "/proc/self/remapstorm", 1);
  EXPECT_EQ(check.state, Check::State::missing) << check.finding;
  EXPECT_NE(check.hint.find("REMAPSTORM_STATE"), std::string::npos);
}

TEST(DoctorExitCode, OnlyWhatIsMissingCounts) {
  EXPECT_EQ(doctor_exit_code({{"a", Check::State::good, "", ""}, {"b", Check::State::warning, "", ""}}), kExitOk);
  EXPECT_EQ(doctor_exit_code({{"a", Check::State::missing, "", ""}}), kExitUnavailable);
}

}  // namespace
}  // namespace remapstorm
