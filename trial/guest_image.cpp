// SPDX-License-Identifier: Apache-2.0
#include "trial/guest_image.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <optional>
#include <system_error>

#include "vmm/arch/arch.h"
#include "vmm/arch/host.h"

namespace remapstorm {
namespace {

namespace fs = std::filesystem;

Result<GuestImageInfo> complete_image(const std::string& directory) {
  RS_ASSIGN(GuestImageInfo info, load_guest_image_info(directory));
  for (const char* name : {"vmlinux", "initramfs.cpio"}) {
    std::error_code error;
    if (!fs::is_regular_file(fs::path(directory) / name, error)) {
      return usage_error("guest image " + directory + " has no " + name, "delete the folder; ./run builds it again");
    }
  }
  return info;
}

}  // namespace

std::string image_variable(const std::string& flavour) {
  std::string name = "REMAPSTORM_IMAGE_";
  for (const char letter : flavour) name += static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  return name;
}

bool is_wanted(const GuestImageInfo& image, const SameBytes& wanted) {
  return image.vmlinux_sha256.starts_with(wanted.kernel) && image.initramfs_sha256.starts_with(wanted.initramfs);
}

SameBytes wanted_of_image(const SameBytes& same, const KernelFiles& own_kernel) {
  SameBytes wanted = same;
  if (!own_kernel.image.empty()) wanted.kernel.clear();
  return wanted;
}

Result<GuestImageInfo> find_guest_image(const Paths& paths, const Environment& environment, const std::string& flavour,
                                        const SameBytes& wanted) {
  std::optional<GuestImageInfo> usual;
  if (const auto named = environment(image_variable(flavour))) {
    Result<GuestImageInfo> info = complete_image(*named);
    if (!info.ok()) return info.error().in(image_variable(flavour));
    if (info->architecture != arch_of(kHostIsa).guest) {
      return usage_error(image_variable(flavour) + ": " + *named + " is an image for " + info->architecture);
    }
    if (is_wanted(*info, wanted)) return info;
    usual = *info;
  }
  for (const CachedImage& image : list_guest_images(paths)) {
    if (!image.info.ok() || image.info->flavour != flavour || image.info->architecture != arch_of(kHostIsa).guest)
      continue;
    if (is_wanted(*image.info, wanted)) return image.info;
    if (!usual) usual = *image.info;
  }
  if (usual) return *usual;
  return unavailable_error("no guest image of flavour " + flavour + " in " + paths.cache + "/guest",
                           "./run guest build --flavour " + flavour);
}

std::vector<CachedImage> list_guest_images(const Paths& paths) {
  std::vector<std::pair<fs::file_time_type, std::string>> folders;
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(paths.cache) / "guest", error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;
    // Folders without a manifest are builds in progress or leftovers of one; their names are guest/build.sh's matter.
    const fs::path manifest = entry->path() / "manifest.json";
    const fs::file_time_type written = fs::last_write_time(manifest, gone);
    if (!gone) folders.emplace_back(written, entry->path().string());
  }
  std::sort(folders.rbegin(), folders.rend());
  std::vector<CachedImage> images;
  images.reserve(folders.size());
  for (const auto& [written, directory] : folders) images.push_back({directory, complete_image(directory)});
  return images;
}

}  // namespace remapstorm
