// SPDX-License-Identifier: Apache-2.0
// The mark of a folder that remapstorm made: a file in it that lists every file that was put there. A folder is never
// ours because of its name or its place. Nothing is replaced or removed but what such a list names; what a person put
// beside it stays.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace remapstorm {

inline constexpr const char* kMarkName = ".remapstorm";
// In a working folder: what stepped aside for its results.
inline constexpr const char* kAsideName = ".remapstorm-old";

// A folder, not a link to one.
bool is_real_folder(const std::filesystem::path& path);
bool is_marked(const std::string& folder);
// Whether a command may write into `folder`: it is missing, empty, or carries our mark. Changes nothing. `asked`: as it
// was typed. Error: usage, naming it.
Status check_folder(const std::string& folder, const std::string& asked);

// Every file below `folder`, relative to it, sorted; without its own mark and owner, with those of folders below it.
std::vector<std::string> files_below(const std::string& folder);
// Marks `folder`, which exists, with this list. Error: host.
Status mark_folder(const std::string& folder, const std::vector<std::string>& files);
// What the mark lists, relative to `folder`, with the lists of marked folders in it that are listed or are its report.
// Nothing without a mark.
std::vector<std::string> marked_files(const std::string& folder);

// Removes what the mark of `folder` lists, the marked folders in it, the mark, and the folder itself if it is empty
// then. Error: usage (no mark: nothing is removed), host.
Status remove_marked(const std::string& folder);
// Removes `name` below `folder`, with all that is in it, by whomever: for what a running command made in a marked
// folder that it owns. Not to be there is no error. Errors: usage (no mark, a name that leads elsewhere), host.
Status remove_below(const std::string& folder, const std::string& name);
// Moves the files of `from` into `to`, which is marked, in place of what its mark lists: recordings of other scenarios
// stay, all else that is listed goes. Error: usage, before anything is changed, if a file is in the way that is not
// listed; host. In `to` stands the new list.
Status move_into_marked(const std::string& from, const std::string& to);

}  // namespace remapstorm
