// SPDX-License-Identifier: Apache-2.0
// The arm64 half is pure encodings so far; expected values come from the architecture and KVM documents, written out.
#include <gtest/gtest.h>

#include <cstring>

#include "vmm/arch/arm64/boot.h"
#include "vmm/arch/arm64/debug_registers.h"
#include "vmm/arch/arm64/esr.h"
#include "vmm/arch/arm64/gic.h"
#include "vmm/arch/arm64/kvm_register_ids.h"
#include "vmm/arch/arm64/registers.h"
#include "vmm/arch/arm64/stage1.h"

namespace remapstorm::arm64 {
namespace {

TEST(KvmRegisterIds, CoreRegistersAsInApiRst) {
  EXPECT_EQ(core_x(0), 0x6030000000100000u);
  EXPECT_EQ(core_x(1), 0x6030000000100002u);
  EXPECT_EQ(core_x(30), 0x603000000010003cu);
  EXPECT_EQ(kCoreSp, 0x603000000010003eu);
  EXPECT_EQ(kCorePc, 0x6030000000100040u);
  EXPECT_EQ(kCorePstate, 0x6030000000100042u);
  EXPECT_EQ(kCoreSpEl1, 0x6030000000100044u);
  EXPECT_EQ(kCoreElrEl1, 0x6030000000100046u);
  EXPECT_EQ(core_spsr(0), 0x6030000000100048u);
  EXPECT_EQ(core_v(0), 0x6040000000100054u);
  EXPECT_EQ(core_v(1), 0x6040000000100058u);
}

TEST(KvmRegisterIds, SystemRegisters) {
  EXPECT_EQ(kMpidrEl1, 0x603000000013c005u);
  EXPECT_EQ(kSctlrEl1, 0x603000000013c080u);
  EXPECT_EQ(kTtbr1El1, 0x603000000013c101u);
  EXPECT_EQ(kEsrEl1, 0x603000000013c290u);
  EXPECT_EQ(kFarEl1, 0x603000000013c300u);
  EXPECT_EQ(kVbarEl1, 0x603000000013c600u);
  EXPECT_EQ(kTimerCounter, 0x603000000013df1au);
  EXPECT_EQ(kTimerCompare, 0x603000000013df02u);
  EXPECT_EQ(kTimerControl, 0x603000000013df19u);
}

TEST(Esr, KernelTranslationFaultOnTheVmemmap) {
  Abort abort;
  ASSERT_TRUE(decode_abort(0x96000007, abort));
  EXPECT_EQ(abort.kind, FaultKind::translation);
  EXPECT_EQ(abort.level, 3);
  EXPECT_FALSE(abort.write);
  EXPECT_FALSE(abort.from_lower_level);
  EXPECT_TRUE(abort.address_valid);
  EXPECT_EQ(describe(abort), "translation fault, level 3, read, kernel");
}

TEST(Esr, OtherKinds) {
  Abort abort;
  ASSERT_TRUE(decode_abort(0x9600004f, abort));
  EXPECT_EQ(describe(abort), "permission fault, level 3, write, kernel");
  ASSERT_TRUE(decode_abort(0x96000030, abort));
  EXPECT_EQ(abort.kind, FaultKind::tlb_conflict);
  EXPECT_EQ(abort.level, -1);
  ASSERT_TRUE(decode_abort(0x92000045, abort));
  EXPECT_EQ(describe(abort), "translation fault, level 1, write, user");
  ASSERT_TRUE(decode_abort(0x82000006, abort));
  EXPECT_EQ(describe(abort), "translation fault, level 2, instruction, user");
  ASSERT_TRUE(decode_abort(0x96000410, abort));
  EXPECT_EQ(abort.kind, FaultKind::external);
  EXPECT_FALSE(abort.address_valid);
  ASSERT_TRUE(decode_abort(0x96000097, abort));
  EXPECT_EQ(abort.kind, FaultKind::external);
  EXPECT_EQ(abort.level, 3);
  EXPECT_TRUE(abort.on_table_walk);
  ASSERT_TRUE(decode_abort(0x9600000b, abort));
  EXPECT_EQ(abort.kind, FaultKind::access_flag);
  ASSERT_TRUE(decode_abort(0x96000061, abort));
  EXPECT_EQ(abort.kind, FaultKind::alignment);
  EXPECT_FALSE(decode_abort(0x56000000, abort)) << "SVC is no abort";
}

TEST(Stage1, Descriptors) {
  EXPECT_EQ(stage1_table(0x80001000), 0x80001003u);
  EXPECT_EQ(stage1_leaf(0x80001000, 1, 1, 0), 0x80001407u);
  EXPECT_EQ(stage1_leaf(0x80000000, 2, 0, kStage1ReadOnly), 0x80000481u);
  EXPECT_EQ(stage1_kind(0, 1), Stage1Kind::invalid);
  EXPECT_EQ(stage1_kind(2, 1), Stage1Kind::invalid);
  EXPECT_EQ(stage1_kind(1, 1), Stage1Kind::invalid) << "a block where only pages may be";
  EXPECT_EQ(stage1_kind(3, 1), Stage1Kind::leaf);
  EXPECT_EQ(stage1_kind(3, 2), Stage1Kind::table);
  EXPECT_EQ(stage1_kind(1, 2), Stage1Kind::leaf);
  EXPECT_EQ(stage1_kind(1, 3), Stage1Kind::leaf);
  EXPECT_EQ(stage1_kind(1, 4), Stage1Kind::invalid);
  EXPECT_EQ(stage1_leaf_size(2), 2u << 20);
  EXPECT_EQ(stage1_index(0xffff000000000000 + (5ull << 39), 4), 5u);
}

TEST(DebugRegisters, Breakpoints) {
  EXPECT_EQ(breakpoint_control(kBreakpointEl1), 0x1e3u);
  EXPECT_EQ(breakpoint_control(kBreakpointEl0), 0x1e5u);
  EXPECT_EQ(breakpoint_control(kBreakpointEl1 | kBreakpointEl0), 0x1e7u);
  EXPECT_EQ(breakpoint_value(0xffff800010081234), 0xffff800010081234u);
  EXPECT_EQ(breakpoint_value(0x0000aaaa00001003), 0x0000aaaa00001000u);
}

TEST(DebugRegisters, Watchpoints) {
  EXPECT_EQ(watchpoint_control(0x1000, 8, Watch::both), 0x1fffu);
  EXPECT_EQ(watchpoint_control(0x1004, 4, Watch::store), 1u | 6u | 2u << 3 | 0xf0u << 5);
  EXPECT_EQ(watchpoint_control(0x1000, 4, Watch::load), 1u | 6u | 1u << 3 | 0x0fu << 5);
  EXPECT_EQ(watchpoint_value(0xffff800010081237), 0xffff800010081230u);
}

TEST(Gic, InterruptNumbersAndIrqLine) {
  EXPECT_EQ(intid_of_spi(0), 32u);
  EXPECT_EQ(intid_of_ppi(kTimerVirtualPpi), 27u);
  EXPECT_EQ(intid_of_ppi(kTimerPpi), 30u);
  EXPECT_EQ(irq_line_spi(33), 0x01000021u);
  EXPECT_EQ(irq_line_ppi(3, 27), 0x0203001bu);
  EXPECT_EQ(irq_line_ppi(0x102, 27), 0x1202001bu);
}

TEST(Pstate, ModeAndMask) {
  EXPECT_TRUE(interrupts_enabled(0x60000005));
  EXPECT_FALSE(interrupts_enabled(0x3c5));
  EXPECT_TRUE(is_user_mode(0x80000000));
  EXPECT_FALSE(is_user_mode(0x3c5));
}

std::vector<std::byte> image(std::uint64_t text_offset, std::uint64_t size, std::uint64_t flags) {
  std::vector<std::byte> file(4096);
  const auto put = [&](std::size_t at, std::uint64_t value) { std::memcpy(file.data() + at, &value, 8); };
  put(8, text_offset);
  put(16, size);
  put(24, flags);
  std::memcpy(file.data() + 56, "ARM\x64", 4);
  return file;
}

TEST(ImageHeader, Reads) {
  const auto header = parse_image_header("Image", image(0, 0x1800000, 0xa));
  ASSERT_TRUE(header.ok()) << header.error().message;
  EXPECT_EQ(header->text_offset, 0u);
  EXPECT_EQ(header->image_bytes, 0x1800000u);
  EXPECT_EQ(header->page_size, 4096u);
  EXPECT_TRUE(header->anywhere);
}

TEST(ImageHeader, RejectsByName) {
  const auto message = [](const std::vector<std::byte>& file) {
    const auto header = parse_image_header("/boot/Image", file);
    EXPECT_FALSE(header.ok());
    if (header.ok()) return std::string();
    EXPECT_EQ(header.error().kind, ErrorKind::usage);
    EXPECT_NE(header.error().message.find("/boot/Image"), std::string::npos);
    return header.error().message;
  };
  EXPECT_NE(message(std::vector<std::byte>(63)).find("truncated"), std::string::npos);
  EXPECT_NE(message(std::vector<std::byte>(64)).find("not an arm64 Image"), std::string::npos);
  EXPECT_NE(message(image(0, 0, 2)).find("older than 3.17"), std::string::npos);
  EXPECT_NE(message(image(0, 100, 2)).find("less than"), std::string::npos);
  EXPECT_NE(message(image(0, 0x10000, 3)).find("big-endian"), std::string::npos);
}

// As Debian's: MZ, a PE header whose sections lie in the file.
TEST(ImageHeader, OneThatIsAnEfiProgramIsKnownToBeWhole) {
  auto file = image(0, 0x10000, 0xa);
  const auto put = [&](std::size_t at, std::uint32_t value) { std::memcpy(file.data() + at, &value, 4); };
  EXPECT_TRUE(check_image_is_whole("Image", file).ok()) << "nothing says how long it is";
  std::memcpy(file.data(), "MZ", 2);
  put(0x3c, 0x40);
  std::memcpy(file.data() + 0x40, "PE\0\0\x64\xaa\2", 7);
  put(0x40 + 20, 160);  // bytes of the optional header
  const std::size_t sections = 0x40 + 24 + 160;
  put(sections + 16, 0x800);
  put(sections + 20, 0x400);
  put(sections + 40 + 16, 0x200);
  put(sections + 40 + 20, 0xe00);
  EXPECT_TRUE(check_image_is_whole("Image", file).ok());
  for (const std::size_t bytes : {std::size_t{4095}, std::size_t{0xc00}, sections + 50, std::size_t{0x50}}) {
    auto cut = file;
    cut.resize(bytes);
    const auto said = check_image_is_whole("/boot/Image", cut);
    ASSERT_FALSE(said.ok()) << bytes;
    EXPECT_EQ(said.error().kind, ErrorKind::usage);
    EXPECT_NE(said.error().message.find("/boot/Image: truncated"), std::string::npos);
  }
  put(0x3c, 0xfffffff0);
  EXPECT_FALSE(check_image_is_whole("Image", file).ok());
}

TEST(ImageLayout, PlacesEverythingApart) {
  ImageHeader header;
  header.text_offset = 0x80000;
  header.image_bytes = 20 << 20;
  const auto layout = place_image("Image", header, 4096, 1 << 20, 256 << 20);
  ASSERT_TRUE(layout.ok()) << layout.error().message;
  EXPECT_EQ(layout->kernel, Gpa(kRamBase + 0x80000));
  EXPECT_EQ(layout->device_tree.value % kImageAlignment, 0u);
  EXPECT_LE(layout->device_tree.value + kMaxDeviceTreeBytes, kRamBase + (256 << 20));
  EXPECT_LE(layout->initramfs.value + (1 << 20), layout->device_tree.value);
  EXPECT_GE(layout->initramfs, layout->kernel_end);
  const Registers registers = boot_registers(*layout);
  EXPECT_EQ(registers.x[0], layout->device_tree.value);
  EXPECT_EQ(registers.x[1] | registers.x[2] | registers.x[3], 0u);
  EXPECT_EQ(registers.pc, layout->kernel.value);
  EXPECT_EQ(registers.pstate, 0x3c5u);
}

TEST(ImageLayout, RejectsWhatDoesNotFit) {
  ImageHeader header;
  header.image_bytes = 64 << 20;
  EXPECT_FALSE(place_image("Image", header, 4096, 0, 32 << 20).ok());
  EXPECT_FALSE(place_image("Image", header, 4096, 8 << 20, 72 << 20).ok());
  EXPECT_FALSE(place_image("Image", header, 3 << 20, 0, 256 << 20).ok());
  EXPECT_FALSE(place_image("Image", header, 4096, ~0ull, 256 << 20).ok());
  EXPECT_FALSE(place_image("Image", header, 4096, 0, 4ull << 30).ok());
  header.image_bytes = ~0ull;
  EXPECT_FALSE(place_image("Image", header, 4096, 0, 256 << 20).ok());
}

}  // namespace
}  // namespace remapstorm::arm64
