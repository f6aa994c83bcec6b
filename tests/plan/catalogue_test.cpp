// SPDX-License-Identifier: Apache-2.0
#include "plan/catalogue.h"

#include <gtest/gtest.h>

#include <fstream>

#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

const std::vector<std::string> kNames = {"control-inplace", "irq-same-cpu", "irqsafe-irq", "irqsafe-nmi"};

TEST(Catalogue, ScansAFolderInOrder) {
  const TemporaryFolder folder;
  for (const char* name : {"b.toml", "a.toml", "notes.md"}) std::ofstream(folder.file(name)) << "x";
  const Result<ScenarioCatalogue> catalogue = scan_scenarios(folder.path());
  ASSERT_TRUE(catalogue.ok());
  EXPECT_EQ(catalogue->names, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(*scenario_path(*catalogue, "b"), folder.file("b.toml"));
}

TEST(Catalogue, AnEmptyOrMissingFolderIsAnError) {
  const TemporaryFolder folder;
  EXPECT_EQ(scan_scenarios(folder.path()).error().kind, ErrorKind::usage);
  EXPECT_EQ(scan_scenarios(folder.file("missing")).error().kind, ErrorKind::usage);
}

TEST(ScenarioPath, AFileIsTakenAsItIs) {
  const TemporaryFolder folder;
  std::ofstream(folder.file("mine.toml")) << "x";
  EXPECT_EQ(*scenario_path({"/s", kNames}, folder.file("mine.toml")), folder.file("mine.toml"));
}

TEST(ScenarioPath, AMissingFileIsNamed) {
  const Result<std::string> path = scenario_path({"/s", kNames}, "mine.toml");
  ASSERT_FALSE(path.ok());
  EXPECT_EQ(path.error().kind, ErrorKind::usage);
  EXPECT_EQ(path.error().message, "no such scenario file: mine.toml");
}

TEST(ScenarioPath, AFolderIsNotAFile) {
  const TemporaryFolder folder;
  EXPECT_NE(scenario_path({"/s", kNames}, folder.path().string()).error().message.find("is a folder"),
            std::string::npos);
}

TEST(ScenarioPath, AMistypedNameIsAnsweredWithNearOnes) {
  const Error error = scenario_path({"/s", kNames}, "irq-smae-cpu").error();
  EXPECT_EQ(error.kind, ErrorKind::usage);
  EXPECT_EQ(error.message, "unknown scenario 'irq-smae-cpu'");
  EXPECT_EQ(error.hint, "did you mean irq-same-cpu?");
}

TEST(ScenarioPath, AStrangeNameIsAnsweredWithAllOfThem) {
  const Error error = scenario_path({"/s", kNames}, "frobnicate").error();
  EXPECT_EQ(error.hint, "known scenarios: control-inplace, irq-same-cpu, irqsafe-irq, irqsafe-nmi");
}

}  // namespace
}  // namespace remapstorm
