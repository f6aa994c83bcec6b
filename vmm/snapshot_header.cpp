// SPDX-License-Identifier: Apache-2.0
#include "vmm/snapshot_header.h"

#include <xxhash.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/nesting.h"

namespace remapstorm {
namespace {

using Json = nlohmann::json;

// The reader goes one call deeper with each array in an array. This stops it before.
class DepthGuard final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool key(string_t&) override { return true; }
  bool start_object(std::size_t) override { return ++depth_ <= kDeepestNesting; }
  bool start_array(std::size_t) override { return ++depth_ <= kDeepestNesting; }
  bool end_object() override { return depth_-- != 0; }
  bool end_array() override { return depth_-- != 0; }
  bool parse_error(std::size_t, const std::string&, const Json::exception&) override { return false; }

 private:
  std::size_t depth_ = 0;
};

constexpr std::uint64_t kMagic = 0x50414e5354534d52ULL;  // "RMSTSNAP" in memory order
constexpr std::uint64_t kMaxDescription = 64ULL << 20;

// In the file's first bytes, as they are; both architectures are little-endian.
struct Raw {
  std::uint64_t magic = kMagic;
  std::uint32_t version = kSnapshotVersion;
  std::uint32_t reserved = 0;
  std::uint64_t description_bytes = 0;
  std::uint64_t description_checksum = 0;
  std::uint64_t pages_offset = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t pages_checksum = 0;
  std::uint64_t header_checksum = 0;  // of everything before it
};
static_assert(sizeof(Raw) == SnapshotHeader::kBytes);

std::uint64_t header_checksum(const Raw& raw) { return XXH3_64bits(&raw, offsetof(Raw, header_checksum)); }

Json binary(std::span<const std::byte> bytes) {
  const auto* begin = reinterpret_cast<const std::uint8_t*>(bytes.data());
  return Json::binary({begin, begin + bytes.size()});
}

std::vector<std::byte> bytes_of(const Json& json) {
  const auto& from = json.get_binary();
  const auto* begin = reinterpret_cast<const std::byte*>(from.data());
  return {begin, begin + from.size()};
}

Json to_json(const std::vector<StateItem>& items) {
  Json list = Json::array();
  for (const StateItem& item : items) list.push_back({{"kind", item.kind}, {"bytes", binary(item.bytes)}});
  return list;
}

std::vector<StateItem> items_of(const Json& json) {
  std::vector<StateItem> items;
  for (const Json& one : json) items.push_back({one.at("kind").get<std::uint16_t>(), bytes_of(one.at("bytes"))});
  return items;
}

Json to_json(BreakpointResume::Where where) { return {where.pc.value, where.sp.value}; }
BreakpointResume::Where where_of(const Json& json) {
  return {Gva(json.at(0).get<std::uint64_t>()), Gva(json.at(1).get<std::uint64_t>())};
}
std::optional<BreakpointResume::Where> optional_where(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return where_of(json);
}

Json to_json(const Vcpu::RunState& run) {
  Json interrupted = Json::array();
  for (const auto& where : run.resume.interrupted) interrupted.push_back(to_json(where));
  return {{"stepping", run.resume.stepping ? to_json(*run.resume.stepping) : Json()},
          {"interrupted", std::move(interrupted)},
          {"step_from", run.step_from ? to_json(*run.step_from) : Json()},
          {"cr8", run.cr8}};
}

Vcpu::RunState run_of(const Json& json) {
  Vcpu::RunState run;
  run.resume.stepping = optional_where(json.at("stepping"));
  for (const Json& one : json.at("interrupted")) run.resume.interrupted.push_back(where_of(one));
  run.step_from = optional_where(json.at("step_from"));
  run.cr8 = json.at("cr8").get<std::uint64_t>();
  return run;
}

Json to_json(const PlatformState& state) {
  Json list = Json::array();
  for (const DeviceState& one : state) list.push_back({{"device", one.device}, {"record", binary(one.record)}});
  return list;
}

PlatformState platform_of(const Json& json) {
  PlatformState state;
  for (const Json& one : json) state.push_back({one.at("device").get<std::string>(), bytes_of(one.at("record"))});
  return state;
}

RegionDescription region_of(const Json& json) {
  RegionDescription region;
  region.name = json.at("name").get<std::string>();
  region.base = Gpa(json.at("base").get<std::uint64_t>());
  region.bytes = json.at("bytes").get<std::uint64_t>();
  for (const Json& range : json.at("stored")) {
    region.stored.push_back({range.at(0).get<std::uint64_t>(), range.at(1).get<std::uint64_t>()});
  }
  return region;
}

// Whole pages, ranges ascending, apart and inside.
bool sound(const RegionDescription& region) {
  const std::uint64_t pages = region.bytes / kGuestPageSize;
  if (region.bytes % kGuestPageSize != 0 || region.bytes > kMaxRamBytes) return false;
  std::uint64_t next = 0;
  for (const PageRange& range : region.stored) {
    if (range.count == 0 || range.first < next || range.first >= pages || range.count > pages - range.first)
      return false;
    next = range.first + range.count;
  }
  return true;
}

}  // namespace

bool has_snapshot_magic(std::span<const std::byte> bytes) {
  std::uint64_t magic = 0;
  std::memcpy(&magic, bytes.data(), sizeof(magic));
  return magic == kMagic;
}

std::vector<std::byte> encode_header(const SnapshotHeader& header) {
  Raw raw;
  raw.description_bytes = header.description_bytes;
  raw.description_checksum = header.description_checksum;
  raw.pages_offset = header.pages_offset;
  raw.file_bytes = header.file_bytes;
  raw.pages_checksum = header.pages_checksum;
  raw.header_checksum = header_checksum(raw);
  const auto bytes = std::as_bytes(std::span(&raw, 1));
  return {bytes.begin(), bytes.end()};
}

Result<SnapshotHeader> decode_header(std::span<const std::byte> bytes, std::uint64_t file_bytes) {
  Raw raw;
  if (bytes.size() < sizeof(raw)) return usage_error("not a snapshot: shorter than its header");
  std::memcpy(&raw, bytes.data(), sizeof(raw));
  if (raw.magic != kMagic) return usage_error("not a snapshot");
  if (raw.version != kSnapshotVersion) {
    return usage_error("a snapshot of version " + std::to_string(raw.version) + ", not " +
                       std::to_string(kSnapshotVersion));
  }
  if (raw.header_checksum != header_checksum(raw)) return usage_error("damaged: its header does not add up");
  if (raw.file_bytes != file_bytes) {
    return usage_error("cut: " + std::to_string(file_bytes) + " of " + std::to_string(raw.file_bytes) + " bytes");
  }
  const bool sizes = raw.description_bytes <= kMaxDescription && raw.pages_offset % kGuestPageSize == 0 &&
                     raw.pages_offset >= sizeof(raw) + raw.description_bytes && raw.pages_offset <= raw.file_bytes;
  if (!sizes) return usage_error("damaged: its header contradicts itself");
  return SnapshotHeader{raw.description_bytes, raw.description_checksum, raw.pages_offset, raw.file_bytes,
                        raw.pages_checksum};
}

std::vector<std::byte> encode_description(const SnapshotDescription& description) {
  Json json;
  json["key"] = description.key;
  json["vm"] = to_json(description.kvm.vm);
  json["vcpus"] = Json::array();
  for (const auto& items : description.kvm.vcpus) json["vcpus"].push_back(to_json(items));
  json["platform"] = to_json(description.platform);
  json["run"] = Json::array();
  for (const Vcpu::RunState& run : description.run) json["run"].push_back(to_json(run));
  json["regions"] = Json::array();
  for (const RegionDescription& region : description.regions) {
    Json stored = Json::array();
    for (const PageRange& range : region.stored) stored.push_back({range.first, range.count});
    json["regions"].push_back(
        {{"name", region.name}, {"base", region.base.value}, {"bytes", region.bytes}, {"stored", std::move(stored)}});
  }
  json["note"] = binary(std::as_bytes(std::span(description.note)));
  const std::vector<std::uint8_t> cbor = Json::to_cbor(json);
  const auto bytes = std::as_bytes(std::span(cbor));
  return {bytes.begin(), bytes.end()};
}

Result<SnapshotDescription> decode_description(std::span<const std::byte> bytes) {
  SnapshotDescription description;
  try {
    DepthGuard guard;
    if (!Json::sax_parse(bytes.begin(), bytes.end(), &guard, Json::input_format_t::cbor)) {
      return usage_error("damaged: no header, or one that nests too deeply");
    }
    const Json json = Json::from_cbor(bytes.begin(), bytes.end());
    description.key = json.at("key").get<SnapshotKey>();
    description.kvm.vm = items_of(json.at("vm"));
    for (const Json& vcpu : json.at("vcpus")) description.kvm.vcpus.push_back(items_of(vcpu));
    description.platform = platform_of(json.at("platform"));
    for (const Json& run : json.at("run")) description.run.push_back(run_of(run));
    for (const Json& region : json.at("regions")) description.regions.push_back(region_of(region));
    const auto& note = json.at("note").get_binary();
    description.note.assign(note.begin(), note.end());
  } catch (const Json::exception& error) {
    return usage_error(std::string("damaged: ") + error.what());
  }
  for (const RegionDescription& region : description.regions) {
    if (!sound(region)) return usage_error("damaged: impossible pages in memory region " + region.name);
  }
  return description;
}

std::string key_difference(const SnapshotKey& wanted, const SnapshotKey& found) {
  for (const auto& want : wanted) {
    const auto same = [&](const auto& one) { return one.first == want.first; };
    const auto other = std::find_if(found.begin(), found.end(), same);
    if (other == found.end()) return "it does not say its " + want.first;
    if (other->second != want.second) {
      return "of another " + want.first + ": " + other->second + ", not " + want.second;
    }
  }
  return {};
}

}  // namespace remapstorm
