// SPDX-License-Identifier: Apache-2.0
// guest build, guest list: the guest images.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/names.h"
#include "cli/arguments.h"
#include "cli/scenario_files.h"
#include "cli/scenario_words.h"
#include "plan/config_difference.h"
#include "results/exit_code.h"
#include "trial/guest_image.h"

namespace remapstorm {
namespace {

constexpr std::size_t kConfigWidth = 100;

int build(const CommandContext& context, const Arguments& arguments) {
  std::optional<std::string> flavour;
  ArgumentParser parser(context,
                        {"guest build [OPTIONS]",
                         "Builds the guest image of a flavour if one of its inputs changed, and prints its folder.",
                         "guest build --flavour std"});
  parser.option("--flavour", flavour, "NAME", "guest kernel flavour (std)");
  if (const auto finished = parse_or_finish(parser, context, arguments)) return *finished;
  const Result<std::string> chosen = parse_choice("--flavour", flavour.value_or("std"), make_vocabulary({}).flavours);
  if (!chosen.ok()) return report_error(context, chosen.error());
  const std::string script = context.source_dir + "/tools/guest-image";
  if (context.source_dir.empty() || ::access(script.c_str(), X_OK) != 0) {
    return report_error(context, unavailable_error("the source tree that builds guest images is not there: " + script,
                                                   "run this from a clone of remapstorm: ./run guest build"));
  }
  context.out.flush();
  // It shows the progress itself; one way to build, whoever asks.
  ::execl(script.c_str(), script.c_str(), chosen->c_str(), static_cast<char*>(nullptr));
  return report_error(context, host_error("cannot start " + script));
}

std::string config_of(const std::string& directory) {
  std::ifstream in(directory + "/config");
  return {std::istreambuf_iterator<char>(in), {}};
}

// What the kernel of an image is beside that of the newest std image.
void print_difference(const CommandContext& context, const std::vector<CachedImage>& images, const CachedImage& image) {
  const auto std_image = std::find_if(
      images.begin(), images.end(), [](const CachedImage& one) { return one.info.ok() && one.info->flavour == "std"; });
  if (std_image == images.end() || image.info->flavour == "std") return;
  const std::vector<std::string> differences =
      config_difference(config_of(std_image->directory), config_of(image.directory));
  context.out << wrapped("configuration, beside std: " + join(differences, " "), 2, kConfigWidth);
}

int list(const CommandContext& context, const Arguments& arguments) {
  ArgumentParser parser(context, {"guest list", "Shows the guest images in the cache, newest first.", "guest list"});
  if (const auto finished = parse_or_finish(parser, context, arguments)) return *finished;
  const Result<Paths> paths = find_paths(context.environment, context.home);
  if (!paths.ok()) return report_error(context, paths.error());
  const std::vector<CachedImage> images = list_guest_images(*paths);
  if (images.empty()) {
    context.out << "no guest image in " << paths->cache << "/guest; '" << context.called << " guest build' makes one\n";
  }
  for (const CachedImage& image : images) {
    if (image.info.ok()) {
      context.out << image.info->flavour << "  Linux " << image.info->kernel_version << "  strategies "
                  << join(image.info->strategies, ",") << "\n  " << image.directory << '\n';
      print_difference(context, images, image);
    } else {
      context.out << "unusable: " << image.info.error().message << '\n';
    }
  }
  return kExitOk;
}

void print_help(const CommandContext& context, std::ostream& out) {
  out << "Builds or lists guest images.\n\nusage: " << context.called << " guest build [--flavour NAME]\n       "
      << context.called << " guest list\n\nexample: " << context.called << " guest build --flavour std\n";
}

}  // namespace

int guest_command(const CommandContext& context, const Arguments& arguments) {
  const std::string word = arguments.empty() ? "" : arguments[0];
  const Arguments rest(arguments.empty() ? arguments.end() : arguments.begin() + 1, arguments.end());
  if (word == "build") return build(context, rest);
  if (word == "list") return list(context, rest);
  if (word == "--help" || word == "-h") {
    print_help(context, context.out);
    return kExitOk;
  }
  const std::vector<std::string> near = near_matches(word, std::vector<std::string>{"build", "list"});
  return report_error(context,
                      usage_error(word.empty() ? "guest: build or list?" : "no command 'guest " + word + "'",
                                  near.empty() ? context.called + " guest --help" : "did you mean " + near[0] + "?"));
}

}  // namespace remapstorm
