// SPDX-License-Identifier: Apache-2.0
#include "plan/command_line.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/sha256.h"
#include "tests/base/temporary_folder.h"

namespace remapstorm {
namespace {

class Image {
 public:
  Image() { std::filesystem::create_directories(folder_.file("cmdline")); }
  void write(const std::string& name, const std::string& content) {
    std::ofstream(folder_.file("cmdline/" + name)) << content;
  }
  [[nodiscard]] CommandLine line(HostKind kind) const {
    const Result<CommandLine> made = command_line_of(folder_.file(""), kind, 62500);
    EXPECT_TRUE(made.ok());
    return made.ok() ? *made : CommandLine();
  }
  [[nodiscard]] std::string hash() const { return command_line_sha256(folder_.file("")).value(); }

 private:
  TemporaryFolder folder_;
};

TEST(CommandLine, IsOfTheHostsKind) {
  Image image;
  image.write("common", "# what for\nquiet\nkhz=@COUNTER_KHZ@ # rate\n");
  image.write("interpreting", "noxsave\n");
  EXPECT_EQ(image.line(HostKind::hardware).base, "quiet khz=62500 remapstorm.mailbox=0xd0000000");
  EXPECT_EQ(image.line(HostKind::interpreting).base, "quiet khz=62500 noxsave remapstorm.mailbox=0xd0000000");
}

TEST(CommandLine, NmisMayNeedMore) {
  Image image;
  image.write("common", "quiet\n");
  EXPECT_EQ(image.line(HostKind::hardware).nmi, "");
  const std::string before = image.hash();
  EXPECT_EQ(before, sha256_hex("quiet\n"));
  image.write("nmi", "# what for\nirqchip.gicv3_pseudo_nmi=1\n");
  EXPECT_EQ(image.line(HostKind::hardware).nmi, "irqchip.gicv3_pseudo_nmi=1");
  EXPECT_EQ(image.line(HostKind::hardware).base, "quiet remapstorm.mailbox=0xd0000000");
  EXPECT_NE(image.hash(), before);  // it is part of what a trial boots
}

}  // namespace
}  // namespace remapstorm
