// SPDX-License-Identifier: Apache-2.0
#include "plan/guest_info.h"

#include <fstream>
#include <sstream>

#include "plan/command_line.h"
#include "telemetry/json_fields.h"

namespace remapstorm {

Result<GuestImageInfo> load_guest_image_info(const std::string& directory) {
  const std::string path = directory + "/manifest.json";
  const std::string hint = "remapstorm guest build makes one";
  std::ifstream in(path, std::ios::binary);
  if (!in) return usage_error("no guest image in " + directory + ": manifest.json cannot be opened", hint);
  std::ostringstream text;
  text << in.rdbuf();
  const Json json = parse_json(text.str());
  if (json.is_discarded() || !json.is_object()) return usage_error(path + " is not JSON", hint);
  std::string problem;
  const JsonFields fields(json, problem);
  if (fields.integer("schema", 0, 1'000'000) != 1 && problem.empty()) {
    return usage_error(path + " has schema " + to_line(json.at("schema")) + "; this remapstorm reads schema 1", hint);
  }
  GuestImageInfo info;
  info.directory = directory;
  info.flavour = fields.text("flavour");
  info.architecture = fields.text_or("architecture", "x86_64");
  info.kernel_version = fields.text("kernel_version");
  info.hash = fields.text("hash");
  info.config_sha256 = fields.text("config_sha256");
  info.series_sha256 = fields.text("series_sha256");
  info.vmlinux_sha256 = fields.text("vmlinux_sha256");
  info.initramfs_sha256 = fields.text("initramfs_sha256");
  if (!fields.has("strategies")) fields.fail("strategies", "is missing");
  for (const Json& name : fields.array_or_empty("strategies")) {
    if (name.is_string()) {
      info.strategies.push_back(name.get<std::string>());
    } else {
      fields.fail("strategies", "holds something that is not text");
    }
  }
  if (!problem.empty()) return usage_error(path + ": " + problem, hint);
  // Every image of ours has the file; where it is missing the runner says so.
  std::ifstream words(directory + "/cmdline/common");
  std::ostringstream common;
  common << words.rdbuf();
  info.command_line = parameters_of(common.str());
  return info;
}

}  // namespace remapstorm
