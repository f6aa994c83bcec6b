// SPDX-License-Identifier: Apache-2.0
// sweep and soak on a lab whose program or host ends in its own way: lab/run of a made-up source tree.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "results/exit_code.h"
#include "tests/base/temporary_folder.h"
#include "tests/cli/fake_context.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

void write_script(const fs::path& path, const std::string& text) {
  std::ofstream(path) << "#!/bin/sh\n" << text << '\n';
  fs::permissions(path, fs::perms::owner_all);
}

constexpr const char* kScenario = R"(name = "quiet"
summary = "x"
strategy = "inplace"
[[workload]]
vcpu = 0
run = "hugetlb-grow"
pages = 1
[expect]
verdict = "clean"
)";

// Exit code of the command when lab/run does `script`.
int with_lab(const std::string& script, Arguments words, std::string* said = nullptr) {
  const TemporaryFolder folder;
  fs::create_directories(folder.file("tree/lab/x86"));
  write_script(folder.file("tree/lab/x86/machine"), "");
  write_script(folder.file("tree/lab/run"), script);
  FakeContext fake;
  fake.context.source_dir = folder.file("tree");
  if (words.front() == "sweep") {
    std::ofstream(folder.file("quiet.toml")) << kScenario;
    words.insert(words.end(), {"--scenarios", folder.file("quiet.toml")});
  }
  words.insert(words.end(), {"--hosts", "lab:x86", "--output-dir", folder.file("out")});
  const int code = dispatch(fake.context, words);
  if (said != nullptr) *said = fake.err.str();
  return code;
}

const Arguments kSoak = {"soak", "--trials", "5"};
const Arguments kSweep = {"sweep", "--strategies", "inplace"};

TEST(LabHosts, ACrashThereIsNoSuccessHere) {
  for (const Arguments& words : {kSoak, kSweep}) {
    EXPECT_EQ(with_lab("kill -ABRT $$", words), kExitInternal) << words.front();
    EXPECT_EQ(with_lab("kill -SEGV $$", words), kExitInternal) << words.front();
    EXPECT_EQ(with_lab("exit 127", words), kExitInternal) << words.front();
    EXPECT_EQ(with_lab("kill -KILL $$", words), kExitHost) << words.front();
    EXPECT_EQ(with_lab("exit 143", words), kExitHost) << words.front();
    EXPECT_EQ(with_lab("exit 75", words), kExitHost) << words.front();
    EXPECT_EQ(with_lab("exit 64", words), kExitUsage) << words.front();
  }
}

// Which strategies are controls depends on the architecture: a lab is asked for its own, unless some were named.
TEST(LabHosts, ASoakThereChoosesItsOwnControls) {
  const std::string script =
      "case \" $* \" in *\" --strategies all \"*) exit 64;; *\" --strategies inplace \"*) exit 75;; esac; exit 127";
  EXPECT_EQ(with_lab(script, kSoak), kExitUsage);
  EXPECT_EQ(with_lab(script, {"soak", "--trials", "5", "--strategies", "inplace"}), kExitHost);
}

TEST(LabHosts, ACrashIsNamed) {
  std::string said;
  EXPECT_EQ(with_lab("exit 139", kSweep, &said), kExitInternal);
  EXPECT_NE(said.find("the sweep on lab:x86 ended with exit code 139"), std::string::npos) << said;
}

}  // namespace
}  // namespace remapstorm
