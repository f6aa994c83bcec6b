// SPDX-License-Identifier: Apache-2.0
// FolderOwner: one process at a time uses a folder, also where several machines share it. flock() does not reach from
// one kernel to another over NFS or 9p; a file that is created exclusively does. The owner's file says which boot of
// which machine, and which process, and counts on while its owner lives. Whether an owner lives is judged
//   on the same boot of the same machine   by its process id and when that process began;
//   from anywhere else                     by whether the count changes while we look, never by comparing clocks.
// An owner that was taken for dead and was not (its machine stood still) learns of it from still_ours().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace remapstorm {

inline constexpr const char* kOwnerName = ".remapstorm-owner";

struct OwnerPace {
  Nanoseconds beat = std::chrono::seconds(1);  // between two counts, and between two looks at another's count
  // So many looks in a row that see no change mean that the owner is dead. Counted are looks, not time: a machine that
  // slept has not looked.
  unsigned looks = 20;
};
using OwnerNote = std::function<void(const std::string& line)>;

class FolderOwner {
 public:
  // Takes `folder`, which exists. An owner elsewhere that seems dead is looked at for looks * beat first, and `note` is
  // told. Errors: usage (it is in use, by whom), host.
  static Result<FolderOwner> take(const std::string& folder, const OwnerNote& note = {}, const OwnerPace& pace = {});
  // The same for folders that were found: those whose owner is dead, or that have none; the others are left out. All
  // are looked at together.
  static std::vector<FolderOwner> take_abandoned(const std::vector<std::string>& folders, const OwnerNote& note = {},
                                                 const OwnerPace& pace = {});

  FolderOwner(FolderOwner&&) noexcept;
  FolderOwner& operator=(FolderOwner&&) noexcept;
  // Gives the folder free, also if it was renamed meanwhile.
  ~FolderOwner();

  // The folder as it was given to take().
  [[nodiscard]] const std::string& folder() const;
  // False if the folder is no longer there under its name, or another process took it.
  [[nodiscard]] bool still_ours() const;

 private:
  class State;
  explicit FolderOwner(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace remapstorm
